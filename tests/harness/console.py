"""The admin console of a daemon under test: its users, and a connection."""

import psycopg

from .daemon import PASSWORD

ADMIN = "ops"
STATS = "watcher"
ORDINARY = "lambda"
CONSOLE_USERS = {"users": {ADMIN: {"password": PASSWORD, "admin": True}, STATS: {"password": PASSWORD, "stats": True}}}


class Console:
    """A connection to the console by psycopg, statements as they are."""

    def __init__(self, daemon, user=ADMIN, **options):
        self.connection = psycopg.connect(daemon.dsn(user=user, dbname="pgweir", **options), autocommit=True)
        self.notices = []   # (message, detail)
        self.connection.add_notice_handler(lambda diag: self.notices.append((diag.message_primary, diag.message_detail)))

    def __call__(self, text):
        """The rows as dicts by column; an empty list for a command without any."""
        cursor = self.connection.execute(text)
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def columns(self, text):
        return [column.name for column in self.connection.execute(text).description]

    def close(self):
        self.connection.close()
