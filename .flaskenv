FLASK_APP=web.cli:commands
