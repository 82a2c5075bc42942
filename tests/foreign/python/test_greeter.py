from greeter import create_app
from slack_bolt.adapter.asgi import SlackRequestHandler


def test_ben_waves_back(slack):
    slack.serve(SlackRequestHandler(create_app(slack.bot_token, slack.signing_secret, slack.api_url)))
    ada, ben, general = slack.person("ada"), slack.person("ben"), slack.channel("general")
    ada.types("/hello", general)
    ada.sees_modal("Say hello").fill("Name", "Ben").submit()
    ben.clicks("Wave back", general.waits_for("Hello, Ben!"))
    general.waits_for("ben waved back")
