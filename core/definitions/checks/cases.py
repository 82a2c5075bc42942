"""Checks of a runbook's `tests:` against its steps and parameters, and of the JSON Schemas that forms are made from."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from core.definitions.checks.walking import all_steps
from core.definitions.documents import Document, Path
from core.definitions.json_schema import deref, schema_errors, schema_problems
from core.definitions.parameters import declared, default_of, required
from core.definitions.problems import Problem, suggest
from core.definitions.runbook import FIELDS_OF_KIND, kind_of_answer
from core.definitions.secrets import secret_names
from core.definitions.steps import step_types, types_called_back, types_that_ask

APPROVAL = frozenset({"approval"})
IN_EXPECT = ("path", "saved", "requests")
OF_THE_RUN_ITSELF = frozenset({"path", "saved"})
WANTED = {
    "http": "status, headers, json or text",
    "processes": "exit_code, stdout, stderr",
    "ssh": "exit_code, stdout, stderr",
    "sql": "rows, row_count",
}


def check_cases(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the tests of a runbook; the document need not be valid otherwise."""
    tests = document.data.get("tests")
    checker = _Checker(document, _types_by_id(document), _containers_by_id(document))
    for index, case in enumerate(tests if isinstance(tests, list) else ()):
        if isinstance(case, Mapping):
            yield from checker.check(case, ("tests", index))


def _types_by_id(document: Document) -> dict[str, str]:
    return {str(step["id"]): str(step.get("type")) for _, step in all_steps(document) if "id" in step}


def _containers_by_id(document: Document) -> dict[str, str]:
    """Return, for each step inside another one, the id of the outermost step that contains it."""
    placed = list(all_steps(document))
    outermost = {tuple(path): str(step.get("id")) for path, step in placed if len(path) == 2}
    return {
        str(step["id"]): outermost[tuple(path[:2])] for path, step in placed if len(path) > 2 and "id" in step
    }


@dataclass(frozen=True)
class _Checker:
    """The runbook under test: `types` has the type of each step by id, `containers` the step that contains it."""

    document: Document
    types: Mapping[str, str]
    containers: Mapping[str, str]

    def check(self, case: Mapping[str, object], path: Path) -> Iterator[Problem]:
        yield from self._parameters(case, path)
        yield from self._steps(case, path, "steps")
        yield from self._steps(case, path, "decisions")
        yield from self._steps(case, path, "inputs")
        yield from self._steps(case, path, "callbacks")
        expect = case.get("expect")
        for name in IN_EXPECT if isinstance(expect, Mapping) else ():
            yield from self._steps(expect, (*path, "expect"), name)  # type: ignore[arg-type]  # checked to be a mapping
        yield from self._answers(case, path)
        yield from self._of_type(
            case, path, "decisions", APPROVAL, "an approval step: there is nothing to decide."
        )
        yield from self._of_type(
            case, path, "inputs", types_that_ask(), "an input step: it asks for nothing."
        )
        yield from self._of_type(
            case, path, "callbacks", types_called_back(), "a callback step: it is never called back."
        )

    def _parameters(self, case: Mapping[str, object], path: Path) -> Iterator[Problem]:
        schema = self.document.data.get("parameters")
        schema = schema if isinstance(schema, Mapping) else {}
        if schema.get("additionalProperties") or schema.get("patternProperties"):
            return
        known = declared(schema)
        for name in _keys(case, "parameters"):
            if name not in known:
                hint = suggest(name, known, plural="Parameters") if known else "This runbook takes none."
                where = (*path, "parameters", name)
                yield self.document.problem(where, f"There is no parameter {name}.", hint, key=True)

    def _steps(self, holder: Mapping[str, object], path: Path, field: str) -> Iterator[Problem]:
        for name in _keys(holder, field):
            where = (*path, field, name)
            if name not in self.types:
                hint = suggest(name, self.types, plural="Steps")
                yield self.document.problem(where, f"There is no step {name}.", hint, key=True)
            elif field in OF_THE_RUN_ITSELF and (outer := self.containers.get(name)):
                message = f"{name} runs in a child run of {outer}, and these are the steps of the run itself."
                hint = f"Expect the status of {outer} instead, which depends on its children."
                yield self.document.problem(where, message, hint, key=True)

    def _answers(self, case: Mapping[str, object], path: Path) -> Iterator[Problem]:
        for name in _keys(case, "steps"):
            port = self._port(name)
            answers = case["steps"][name]  # type: ignore[index]  # _keys found a mapping with this key
            for answer in answers if isinstance(answers, list) else [answers]:
                kind = kind_of_answer(set(answer)) if isinstance(answer, Mapping) else None
                if name in self.types and kind in FIELDS_OF_KIND and not _fits(kind, port):
                    wanted = WANTED.get(port, "output and saved, or error")
                    message = f"{name} is a step of type {self.types[name]}: its answer may have {wanted}."
                    yield self.document.problem((*path, "steps", name), message)

    def _port(self, step: str) -> str:
        model = step_types().get(self.types.get(step, ""))
        return (model.acts_through if model else None) or ""

    def _of_type(
        self, case: Mapping[str, object], path: Path, field: str, types: Set[str], what: str
    ) -> Iterator[Problem]:
        """Check that the steps that a field names are all of one of these types."""
        for name in _keys(case, field):
            if name in self.types and self.types[name] not in types:
                of_type = [step for step, known in self.types.items() if known in types]
                kind = what.partition(":")[0].split(maxsplit=1)[1]
                hint = suggest(name, of_type, plural=f"{kind.capitalize()}s")
                message = f"{name} is not {what}"
                yield self.document.problem((*path, field, name), message, hint, key=True)


def _keys(holder: Mapping[str, object], field: str) -> list[str]:
    value = holder.get(field)
    return [str(key) for key in value] if isinstance(value, Mapping) else []


# The answer of a remote command is described as that of a local one.
KIND_OF_PORT = {"ssh": "processes"}


def _fits(kind: str, port: str) -> bool:
    return kind == "outcome" or kind == KIND_OF_PORT.get(port, port) or (kind == "no answer" and port != "")


Schema = Mapping[str, object]


def check_schema(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the `parameters` of a runbook document."""
    schema = document.data.get("parameters")
    if not isinstance(schema, Mapping):
        return
    found = list(check_form(schema, document, ("parameters",)))
    yield from found or _check_secrets(schema, document)


def check_form(schema: Schema, document: Document, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the JSON Schema at `path`, from which a form is made."""
    found = [document.problem((*path, *inner), message) for inner, message in schema_problems(schema)]
    yield from found
    if not found:
        yield from _check_required(schema, document, path)
        yield from _check_defaults(schema, document, path)


def _check_required(schema: Schema, document: Document, path: Path) -> Iterator[Problem]:
    properties = declared(schema)
    for index, name in enumerate(required(schema)):
        if name not in properties and not schema.get("additionalProperties"):
            hint = suggest(name, properties, plural="Parameters" if path == ("parameters",) else "Values")
            message = f"{name} is required, but is not declared under properties."
            yield document.problem((*path, "required", index), message, hint)


def _check_secrets(schema: Schema, document: Document) -> Iterator[Problem]:
    """Yield secret parameters that have a value in the definition, which everybody can read."""
    for name in sorted(secret_names(schema) & declared(schema).keys()):
        inner = deref(declared(schema)[name], schema)
        for keyword in ("default", "const", "enum", "examples"):
            if inner.get(keyword) not in (None, "", [], [""], {}):
                path = ("parameters", "properties", name, keyword)
                message = f"{name} is a secret, but everybody can read its {keyword} here."
                yield document.problem(path, message, "Remove it, or declare a secret with kind: secret.")


def _check_defaults(schema: Schema, document: Document, path: Path) -> Iterator[Problem]:
    for name, inner in declared(schema).items():
        default = default_of(inner, schema)
        if default is None:
            continue
        # A reference is resolved against the root's definitions.
        wrapped = {"$defs": schema.get("$defs", {}), "properties": {name: deref(inner, schema)}}
        for _, message in schema_errors(wrapped, {name: default[0]}):
            where = (*path, "properties", name, "default")
            yield document.problem(where, f"The default does not match its own schema: {message}")
