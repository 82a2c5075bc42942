"""What steps and actions of several types do alike: HTTP calls, commands, messages, tickets."""
