"""The commands of the app, one function each: the agent, the views and the command line call these."""
