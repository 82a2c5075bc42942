"""What the web application serves beside REST and Slack: health, figures, and the page of a run."""
