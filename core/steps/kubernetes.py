"""The `kubernetes` step: restart, scale, drain, delete or run something in a cluster, and follow it to its end."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import PublicText, PublicUrl, TemplateJson, TemplateText
from core.definitions.http_requests import render_url
from core.definitions.templates import render, render_text
from core.effects.job_steps import JobStep
from core.effects.job_values import JobSystem
from core.effects.kubernetes.access import ClusterApi, Credentials
from core.effects.kubernetes.nodes import Cordon, Drain
from core.effects.kubernetes.objects import WORKLOADS, Target, target_from
from core.effects.kubernetes.pods import DeletePod, RunJob, prepared_spec
from core.effects.kubernetes.workloads import Restart, Scale, Status, Undo
from core.effects.remote import Api
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.steps.ssh import Credential, name_of_secret
from core.values.execution import Json

Action = Literal[
    "rollout_restart",
    "rollout_undo",
    "rollout_status",
    "scale",
    "delete_pod",
    "cordon",
    "uncordon",
    "drain",
    "run_job",
]
KINDS: Mapping[str, tuple[str, ...]] = {
    "rollout_restart": WORKLOADS,
    "rollout_undo": ("deployment",),
    "rollout_status": WORKLOADS,
    "scale": ("deployment", "statefulset"),
    "delete_pod": ("pod",),
    "cordon": ("node",),
    "uncordon": ("node",),
    "drain": ("node",),
    "run_job": ("job", "cronjob"),
}
USES = {  # the fields that only some actions have
    "replicas": ("scale",),
    "revision": ("rollout_undo",),
    "uid": ("delete_pod",),
    "force": ("drain",),
    "delete_emptydir_data": ("drain",),
    "spec": ("run_job",),
    "cancel": ("run_job",),
    "wait": ("rollout_restart", "rollout_undo", "scale"),
}
MOST_REPLICAS = 10_000


class KubernetesStep(JobStep):
    """Act in a Kubernetes cluster, and follow what was begun to its end. `expect` and `save` see the object as `job`.

    - `rollout_status` waits until a rollout is complete, as `kubectl rollout status` does. It only reads.
    - `rollout_restart` sets an annotation of the pod template to the step's key. Setting it again restarts nothing.
    - `rollout_undo` gives a deployment the template of an earlier revision, and an annotation that says so.
    - `scale` sets the number of replicas. Setting it again changes nothing.
    - `delete_pod` deletes the pod that has the name now; its UID is a precondition. If the answer is lost, it is
      repeated for the same pod; if that cannot be told from its successor (in a StatefulSet), people are asked, unless
      the step has `uid`.
    - `cordon` and `uncordon` forbid and allow new pods on a node.
    - `drain` cordons a node and evicts its pods, within their PodDisruptionBudgets. Repeated, it evicts what is left.
    - `run_job` creates a job, follows it, and keeps the end of its pods' logs. Its name comes from the step's key, so
      that it is created once.

    So an answer or a worker that is lost is no question to people, except where it says so above. What the step cannot
    know: whether somebody else undid it before it is repeated, so a repeated `scale` or `cordon` overrules them; and
    whether another runbook restarted the same workload in between, so that a repeated restart is a second one.
    Kubernetes itself may start a job's pod twice, even with the `backoffLimit: 0` that a job gets if its spec has none.
    A node whose drain failed or was cancelled stays cordoned.

    Access: `kubeconfig`, or `token` and `certificate_authority`. In a cluster, declare the service account's files as
    secrets (`source: {file: /var/run/secrets/kubernetes.io/serviceaccount/token}`), so that a declaration says who may
    use them; `url` is `https://kubernetes.default.svc`. A kubeconfig may run no program (`exec`) and name no file.
    RUNBOOK_EGRESS must allow the API server. Sources: https://kubernetes.io/docs/reference/kubernetes-api/,
    https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
    """

    system_name = "Kubernetes"
    example: ClassVar[str] = """
id: restart
type: kubernetes
action: rollout_restart
url: https://cluster.example:6443
kubeconfig: "{{ secrets.KUBECONFIG }}"
namespace: shop
target: "deployment/{{ params.cluster }}"
timeout: 10m
save: {available: job.status.availableReplicas}
"""

    type: Literal["kubernetes"]
    action: Action
    """What is done."""
    url: Annotated[PublicUrl, Field(min_length=1)]
    """The URL of the API server, as the kubeconfig has it: it chooses the kubeconfig's context."""
    kubeconfig: Credential | None = None
    """The kubeconfig, as one secret. Its certificates and keys are in it: `kubectl config view --raw --flatten`."""
    context: PublicText | None = None
    """The context of the kubeconfig, if it has several for the server."""
    token: Credential | None = None
    """The token of a service account, as one secret, instead of `kubeconfig`."""
    certificate_authority: TemplateText | None = None
    """With `token`: the cluster's authority, as PEM; text, or a secret. If omitted, the system's authorities."""
    insecure_skip_tls_verify: bool = False
    """Whether the server need not prove its identity. Then whoever answers gets the token. `http://` needs it, too."""
    namespace: PublicText = "default"
    """The namespace."""
    target: Annotated[PublicText, Field(min_length=1)]
    """The object as `KIND/NAME`: `deployment/…`, `statefulset/…` or `daemonset/…`; `pod/…` for `delete_pod`; `node/…`
    for `cordon`, `uncordon` and `drain`. For `run_job`, `job/NAME` is the beginning of the job's name, and
    `cronjob/NAME` the cron job whose template is run."""
    replicas: TemplateJson = None
    """For `scale`: how many."""
    revision: Annotated[int, Field(ge=1, strict=True)] | None = None
    """For `rollout_undo`: the revision to return to; if omitted, the one before the current."""
    uid: PublicText | None = None
    """For `delete_pod`: the pod's UID. Another pod of that name is not deleted, and the step succeeds."""
    force: bool = False
    """For `drain`: whether pods that no controller recreates are evicted as well."""
    delete_emptydir_data: bool = False
    """For `drain`: whether pods with data in an `emptyDir` are evicted as well."""
    spec: TemplateJson = None
    """For `run_job` with `job/NAME`: the job's spec. Its pods get `restartPolicy: Never` if it says none."""
    wait: bool = True
    """For `rollout_restart`, `rollout_undo` and `scale`: whether their end is waited for."""

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        for name in sorted(self.model_fields_set & USES.keys()):
            if self.action not in USES[name]:
                raise PydanticCustomError(
                    "field", "{name} is not for the action {action}.", {"name": name, "action": self.action}
                )
        if (self.kubeconfig is None) == (self.token is None):
            raise PydanticCustomError("credentials", "Give either kubeconfig or token, as a secret.")
        if self.kubeconfig is not None and self.certificate_authority is not None:
            raise PydanticCustomError(
                "authority", "The kubeconfig has the authority. Leave certificate_authority out."
            )
        if self.action == "scale" and self.replicas is None:
            raise PydanticCustomError("replicas", "The action scale needs replicas.")
        if self.action == "run_job" and (self.spec is None) != self.target.startswith("cronjob/"):
            raise PydanticCustomError("spec", "Give spec with job/NAME, and none with cronjob/NAME.")
        return self

    @property
    def only_reads(self) -> bool:
        return self.action == "rollout_status"

    @property
    def finds_lost_attempts(self) -> bool:
        return not self.only_reads

    def shown(self, context: Context) -> Json:
        target = self._target(context)
        more: dict[str, Json] = {
            "replicas": self._replicas(context),
            "revision": self.revision,
            "uid": self._uid(context),
            "force": self.force or None,
            "delete_emptydir_data": self.delete_emptydir_data or None,
            "insecure_skip_tls_verify": self.insecure_skip_tls_verify or None,
            "spec": render(self.spec, context.shown_scope, ("spec",)),
            "credentials": name_of_secret(self.kubeconfig or self.token or ""),
        }
        given = {name: value for name, value in more.items() if value is not None}
        return {"action": self.action, "url": self._url(context) + target.path, **given, "key": context.key}

    def api(self, context: Context) -> Api:
        def secret(name: str) -> str | None:
            template = getattr(self, name)
            return None if template is None else render_text(template, context.scope, (name,))

        chosen = None
        if self.context is not None:
            chosen = render_text(self.context, context.shown_scope, ("context",))
        given = Credentials(
            secret("kubeconfig"),
            chosen,
            secret("token"),
            secret("certificate_authority"),
            self.insecure_skip_tls_verify,
        )
        return ClusterApi("Kubernetes", self._url(context), given=given)

    def system(self, context: Context) -> JobSystem:
        target = self._target(context)
        match self.action:
            case "rollout_status":
                return Status(target)
            case "rollout_restart":
                return Restart(target, self.wait)
            case "rollout_undo":
                return Undo(target, self.wait, self.revision)
            case "scale":
                return Scale(target, self.wait, self._replicas(context) or 0)
            case "delete_pod":
                return DeletePod(target, self._uid(context))
            case "run_job":
                return RunJob(target, self._spec(context))
            case "drain":
                return Drain(target, self.force, self.delete_emptydir_data)
        return Cordon(target, self.action == "cordon")

    def _url(self, context: Context) -> str:
        return render_url(self.url, context.shown_scope, ("url",)).rstrip("/")

    def _target(self, context: Context) -> Target:
        target = render_text(self.target, context.shown_scope, ("target",))
        namespace = render_text(self.namespace, context.shown_scope, ("namespace",))
        return target_from(target, namespace, KINDS[self.action])

    def _uid(self, context: Context) -> str | None:
        return None if self.uid is None else render_text(self.uid, context.shown_scope, ("uid",))

    def _replicas(self, context: Context) -> int | None:
        value = render(self.replicas, context.shown_scope, ("replicas",))
        if value is None:
            return None
        text = str(value)
        if isinstance(value, bool) or not text.isdecimal() or int(text[:9]) > MOST_REPLICAS:
            raise InvalidInput(f"{text!r} is no number of replicas.", field="replicas")
        return int(text)

    def _spec(self, context: Context) -> dict[str, Json] | None:
        if self.spec is None:
            return None
        scope = context.scope if context.progress is None else context.shown_scope
        spec = render(self.spec, scope, ("spec",))
        return prepared_spec(spec if isinstance(spec, dict) else {})
