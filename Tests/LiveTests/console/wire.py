"""What a client says to the gateway, read from the wire: a relay of TCP between them, which can also cut the line."""

import contextlib
import json
import re
import select
import socket
import threading

REQUEST = re.compile(rb"(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)


class Wire:
    """A port that leads to the gateway's, with a record of what the clients send there."""

    def __init__(self, gateway):
        self.target = gateway.port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.sent = []  # for each connection, in their order: what the client has sent
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def configuration(self, call=None, **more):
        """The configuration of a client that takes this way, with these settings for its calls."""
        server = {"protocol": "http", "server": "127.0.0.1", "port": self.port}
        return {"authentication": {"subscription": server}, "logs": {"logLevel": "warn"}, "call": call or {}, **more}

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                with self.lock:
                    record = bytearray()
                    self.sent.append(record)
                    self.pairs.append((client, server))
                threading.Thread(target=self._copy, args=(client, server, record), daemon=True).start()

    def _copy(self, client, server, record):
        with contextlib.suppress(OSError, ValueError):
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if source is client:
                        with self.lock:
                            record += data
                    if not data:
                        raise OSError("one of them has hung up")
                    (server if source is client else client).sendall(data)
        client.close()
        server.close()

    def requests(self, key=None):
        """The requests so far, as (method, path, body); with a key, the objects that the bodies have under it."""
        found = []
        with self.lock:
            records = [bytes(record) for record in self.sent]
        for record in records:
            for match in REQUEST.finditer(record):
                length = re.search(rb"content-length: *(\d+)", match[3], re.IGNORECASE)
                body = record[match.end():match.end() + int(length[1])] if length else b""
                with contextlib.suppress(ValueError):  # one that is still on its way
                    found.append((match[1].decode(), match[2].decode(), json.loads(body) if body else None))
        return [body[key] for _, _, body in found if body and key in body] if key else found

    def controls(self, kind):
        """The requests about calls that have this type."""
        return [control for control in self.requests("callControlRequest") if control["type"] == kind]

    def cut(self):
        """Ends all connections at once; new ones are taken."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # which wakes the thread that waits there
        self.listener.close()
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
