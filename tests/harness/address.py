"""Where a program of another language connects to, as it is told by its environment."""

from dataclasses import dataclass
from urllib.parse import quote

from .daemon import PASSWORD
from .programs import conninfo


@dataclass(frozen=True)
class Address:
    port: int
    user: str
    password: str
    database: str
    host: str = "127.0.0.1"

    @classmethod
    def of_daemon(cls, daemon):
        return cls(daemon.port, "lambda", PASSWORD, "app")

    @classmethod
    def of_role(cls, role):
        return cls(role.port, role.name, role.password, role.database)

    def dsn(self, **options):
        """A libpq key=value string."""
        return conninfo(**{"host": self.host, "port": self.port, "user": self.user, "password": self.password,
                           "dbname": self.database, **options})

    def url(self, scheme="postgresql"):
        return f"{scheme}://{quote(self.user)}:{quote(self.password, safe='')}@{self.host}:{self.port}/{self.database}"

    def environment(self, prefix, **more):
        """PREFIX_HOST and so on."""
        values = {"HOST": self.host, "PORT": self.port, "USER": self.user, "PASSWORD": self.password,
                  "DATABASE": self.database, "DSN": self.dsn(), "URL": self.url(), **more}
        return {f"{prefix}_{name}": str(value) for name, value in values.items()}
