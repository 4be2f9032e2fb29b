"""One end of a connection, as a process of its own: what the tests of the exact meter send and receive.

Each command does one thing, prints "ready" when the other end may start, and exits when it is done.
"""

import socket
import struct
import sys
import time

SO_SNDBUFFORCE = 32
UDP_SEGMENT = 103
UDP_GRO = 104
MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
PMTUDISC_DONT = 0


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def ready():
    print("ready", flush=True)


def serve(address, port, size, closer, connections):
    """Sends `size` bytes to each connection. `closer` says which end closes first: server or client;
    with -long behind it the other one is so late that only a TIME_WAIT socket can answer it."""
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(64)
    ready()
    block = bytes(1 << 20)
    for _ in range(int(connections)):
        client, _ = listener.accept()
        left = int(size)
        while left > 0:
            left -= client.send(block[: min(left, len(block))])
        if closer.startswith("client"):
            while client.recv(65536):
                pass
        if closer == "client-long":
            time.sleep(0.2)
        client.close()


def fetch(address, port, size, closer, connections, *options):
    """Receives `size` bytes a connection."""
    for _ in range(int(connections)):
        client = socket.socket(family(address), socket.SOCK_STREAM)
        apply(client, options)
        client.connect((address, int(port)))
        left = int(size)
        while left > 0:
            data = client.recv(1 << 18)
            if not data:
                sys.exit("the server closed early")
            left -= len(data)
        if closer.startswith("client"):
            client.close()
        else:
            while client.recv(65536):
                pass
            if closer == "server-long":
                time.sleep(0.2)
            client.close()
    ready()


def abort(address, port, size):
    """Receives `size` bytes and closes with more of them unread, so that the kernel sends a reset."""
    client = socket.socket(family(address), socket.SOCK_STREAM)
    client.connect((address, int(port)))
    left = int(size)
    while left > 0:
        left -= len(client.recv(min(left, 1 << 16)))
    client.close()
    ready()


def push(address, port, size):
    """Sends `size` bytes to one connection, and does not mind when it is reset."""
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(1)
    ready()
    client, _ = listener.accept()
    try:
        client.sendall(bytes(int(size)))
    except (ConnectionResetError, BrokenPipeError):
        pass


def collect(address, port, connections):
    """Receives whatever comes over TCP."""
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(64)
    ready()
    for _ in range(int(connections)):
        client, _ = listener.accept()
        while client.recv(1 << 18):
            pass
        client.close()


def upload(address, port, size, *options):
    """Sends `size` bytes and exits with most of them still in the socket."""
    client = socket.socket(family(address), socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
    apply(client, options)
    client.connect((address, int(port)))
    client.sendall(bytes(int(size)))
    client.close()
    ready()


def apply(client, options):
    for option in options:
        if option == "ip-options":
            # Record route with room for nine addresses, padded to 40 bytes.
            client.setsockopt(socket.IPPROTO_IP, 4, bytes([7, 39, 4]) + bytes(36) + b"\0")
        elif option == "hop-options":
            client.setsockopt(socket.IPPROTO_IPV6, 54, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
        elif option == "destination-options":
            client.setsockopt(socket.IPPROTO_IPV6, 59, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
        elif option == "udp-gro":
            client.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        elif option == "broadcast":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        elif option == "fragment":
            version = 6 if client.family == socket.AF_INET6 else 4
            client.setsockopt(*MTU_DISCOVER[version], PMTUDISC_DONT)
        elif option.startswith("segment="):
            client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, int(option[8:]))
        elif option.startswith("join="):
            group = socket.inet_aton(option[5:]) + struct.pack("=I", 0)
            client.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        elif option.startswith("port="):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            client.bind(("::" if client.family == socket.AF_INET6 else "", int(option[5:])))
        else:
            sys.exit(f"unknown option {option}")


def udp_send(address, port, count, size, *options):
    """Sends `count` datagrams (or trains of segments) of `size` bytes."""
    client = socket.socket(family(address), socket.SOCK_DGRAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    apply(client, options)
    data = bytes(int(size))
    for _ in range(int(count)):
        client.sendto(data, (address, int(port)))
    ready()


def udp_receive(address, port, size, *options):
    """Receives datagrams until `size` bytes of them have come."""
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
    apply(server, options)
    server.bind((address, int(port)))
    ready()
    left = int(size)
    while left > 0:
        left -= len(server.recv(1 << 17))


def udp_ladder(address, port, first, last, *options):
    """Sends one datagram of each size from `first` to `last`."""
    client = socket.socket(family(address), socket.SOCK_DGRAM)
    apply(client, options)
    for size in range(int(first), int(last) + 1):
        client.sendto(bytes(size), (address, int(port)))
    ready()


def udp_scatter(network, count, port, size):
    """Sends one datagram to each of `count` addresses behind a /16 prefix such as 10.99."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    data = bytes(int(size))
    for i in range(int(count)):
        client.sendto(data, (f"{network}.{i >> 8}.{i & 255}", int(port)))
    ready()


def udp_sink(address, port, *options):
    """Receives datagrams until it is killed."""
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    apply(server, options)
    server.bind((address, int(port)))
    server.settimeout(None)
    ready()
    while True:
        server.recv(1 << 17)


def raw_fragments(address, count, size):
    """Sends IPv4 fragments that are none of the kernel's making: all but the first have no ports."""
    client = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for i in range(int(count)):
        header = struct.pack(
            "!BBHHHBBH4s4s", 0x45, 0, 20 + int(size), 7, 0x2000 | i, 64, 17, 0, bytes(4), socket.inet_aton(address)
        )
        client.sendto(header + bytes(int(size)), (address, 0))
    ready()


socket.setdefaulttimeout(20)
commands = {name: value for name, value in globals().items() if callable(value) and name != "family"}
commands[sys.argv[1].replace("-", "_")](*sys.argv[2:])
