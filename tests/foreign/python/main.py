import os
import sys

from greeter import create_app
from slack_bolt.adapter.socket_mode import SocketModeHandler

app = create_app(
    os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_SIGNING_SECRET"], os.environ["SLACK_API_URL"]
)
if "--socket" in sys.argv:
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
else:
    app.start(port=int(os.environ["PORT"]))
