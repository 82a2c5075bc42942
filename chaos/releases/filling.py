"""`python -m chaos.releases.filling`: make the schema, the definitions and the tokens, with the code of a release.

Prints the tokens as JSON. Started with a release's environment, it has that release's packages.
"""

import json
import os

from chaos.environment import fill
from cli.processes import quiet_logging

if __name__ == "__main__":
    quiet_logging()
    print(json.dumps(dict(fill(os.environ))))
