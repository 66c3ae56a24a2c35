# SPDX-License-Identifier: MIT
"""Sockets on loopback: an HTTP server and its client, UDP, a socket pair, readiness by poll and epoll."""
import http.server
import select
import socket
import threading
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.path.encode() * 1000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
for number in range(5):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/path/{number}") as answer:
        print(answer.status, len(answer.read()))
server.shutdown()
server.server_close()

a, b = socket.socketpair()
sender = threading.Thread(target=lambda: (a.sendall(bytes(1 << 20)), a.shutdown(socket.SHUT_WR)))
sender.start()
total = 0
while data := b.recv(65536):
    total += len(data)
sender.join()
print(total)

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    for number in range(10):
        udp.sendto(str(number).encode(), receiver.getsockname())
print([receiver.recv(100) for _ in range(10)])

epoll = select.epoll()
epoll.register(b, select.EPOLLOUT)
epoll.register(receiver, select.EPOLLIN)
print([fd == b.fileno() for fd, _ in epoll.poll(1)])
poll = select.poll()
poll.register(receiver, select.POLLIN)
print(poll.poll(50), select.select([receiver], [], [], 0.02))
receiver.settimeout(0.05)
for call in (lambda: receiver.recv(1), lambda: socket.create_connection(("127.0.0.1", 1)), lambda: b.send(b"x") and a.close()):
    try:
        print(call())
    except OSError as error:
        print(type(error).__name__, error)
