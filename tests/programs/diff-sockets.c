// SPDX-License-Identifier: MIT
/* Sockets: of the local domain and over the loopback device. */
#include "diff.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static char buffer[PAGE];

static void making(void)
{
	int pair[2];
	long fd;

	group("sockets");
	CALL(socket, "no such domain", 99, SOCK_STREAM, 0);
	CALL(socket, "no such type", AF_UNIX, 99, 0);
	CALL(socket, "no such protocol", AF_UNIX, SOCK_STREAM, 99);
	CALL(socket, "a protocol of another type", AF_INET, SOCK_STREAM, IPPROTO_UDP);
	CALL(socket, "unknown flags", AF_UNIX, SOCK_STREAM | 1 << 20, 0);
	fd = CALL(socket, "close on exec", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CALL(fcntl, "its flag", fd, F_GETFD);
	close(fd);
	CALL(socketpair, "of the internet", AF_INET, SOCK_STREAM, 0, pair);
	CALL(socketpair, "a pair", AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair);
	CALL(write, "a packet", pair[0], "12345", 5);
	CALL(write, "another", pair[0], "678", 3);
	CALL(read, "the first in part", pair[1], buffer, 2);
	CALL(recvfrom, "the second, its size", pair[1], buffer, 1, MSG_TRUNC, NULL, NULL);
	CALL(recvfrom, "no more", pair[1], buffer, 1, 0, NULL, NULL);
	CALL(shutdown, "to write", pair[0], SHUT_WR);
	CALL(shutdown, "unknown", pair[0], 7);
	CALL(recvfrom, "the end", pair[1], buffer, 1, 0, NULL, NULL);
	CALL(sendto, "nobody writes", pair[0], buffer, 1, MSG_NOSIGNAL, NULL, 0);
	close(pair[0]);
	close(pair[1]);
}

static void local(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "socket" }, got;
	socklen_t size = sizeof(got);
	long server, client, peer;

	group("local sockets");
	server = CALL(socket, "a server", AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	client = CALL(socket, "a client", AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CALL(listen, "without a name", server, 1);
	CALL(connect, "nobody is there", client, &name, sizeof(name));
	CALL(bind, "a name", server, &name, sizeof(name));
	CALL(bind, "again", server, &name, sizeof(name));
	CALL(connect, "nobody listens", client, &name, sizeof(name));
	CALL(listen, "with a name", server, 1);
	CALL(accept, "nobody", server, NULL, NULL);
	name.sun_family = 77;
	CALL(connect, "another family", client, &name, sizeof(name));
	name.sun_family = AF_UNIX;
	CALL(connect, "a size too small", client, &name, 1);
	CALL(connect, "a size too large", client, &name, 1000);
	CALL(connect, "it", client, &name, sizeof(name));
	CALL(connect, "again", client, &name, sizeof(name));
	memset(&got, 0, sizeof(got));
	peer = CALL(accept4, "it", server, &got, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	SEE("%u, family %d", size, got.sun_family);
	CALL(accept4, "unknown flags", server, NULL, NULL, 1);
	size = 4;
	CALL(getsockname, "little room", server, &got, &size);
	SEE("%u", size);
	size = -1;
	CALL(getsockname, "negative room", server, &got, &size);
	size = sizeof(got);
	CALL(getpeername, "of the client", client, &got, &size);
	SEE("%u %s", size, got.sun_path);
	CALL(getpeername, "of the server", server, &got, &size);
	CALL(sendto, "some", client, "hello", 5, 0, NULL, 0);
	CALL(sendto, "an address on a stream", client, "hello", 5, 0, &name, sizeof(name));
	CALL(recvfrom, "a look", peer, buffer, 100, MSG_PEEK, NULL, NULL);
	CALL(recvfrom, "it", peer, buffer, 100, 0, NULL, NULL);
	SEE("%08x", digest(buffer, 5));
	CALL(sendto, "out of band", client, "x", 1, MSG_OOB, NULL, 0);
	close(client);
	CALL(recvfrom, "the end", peer, buffer, 100, 0, NULL, NULL);
	CALL(sendto, "to nobody", peer, "x", 1, MSG_NOSIGNAL, NULL, 0);
	close(peer);
	close(server);
}

/* Returns the port, which is not told. */
static int inet_server(int fd, struct sockaddr_in *name)
{
	socklen_t size = sizeof(*name);

	*name = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CALL(bind, "any port", fd, name, sizeof(*name));
	CALL(getsockname, "the port", fd, name, &size);
	SEE("%d bytes, a port: %d", (int)size, name->sin_port != 0);
	return ntohs(name->sin_port);
}

static void internet(void)
{
	struct pollfd arrival = { .events = POLLIN };
	struct sockaddr_in name, other;
	socklen_t size = sizeof(other);
	long server, client, peer;

	group("internet sockets");
	server = CALL(socket, "TCP", AF_INET, SOCK_STREAM, 0);
	inet_server(server, &name);
	CALL(listen, "it", server, 4);
	client = CALL(socket, "TCP", AF_INET, SOCK_STREAM, 0);
	CALL(connect, "it", client, &name, sizeof(name));
	peer = CALL(accept, "it", server, &other, &size);
	SEE("%u bytes, family %d, the loopback: %d", size, other.sin_family,
	    other.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	CALL(setsockopt, "no delay", client, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, 4);
	CALL(write, "a page", client, buffer, PAGE);
	CALL(shutdown, "the client writes no more", client, SHUT_WR);
	CALL(recvfrom, "all of it", peer, buffer, PAGE, MSG_WAITALL, NULL, NULL);
	CALL(read, "the end", peer, buffer, PAGE);
	close(client);
	close(peer);
	close(server);
	client = CALL(socket, "TCP", AF_INET, SOCK_STREAM, 0);
	CALL(connect, "nobody listens", client, &name, sizeof(name));
	close(client);

	server = CALL(socket, "UDP", AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	inet_server(server, &name);
	client = CALL(socket, "UDP", AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CALL(sendto, "to nobody", client, "x", 1, 0, NULL, 0);
	CALL(sendto, "a packet", client, "packet", 6, 0, &name, sizeof(name));
	CALL(sendto, "too large", client, buffer, 1 << 20, 0, &name, sizeof(name));
	size = sizeof(other);
	arrival.fd = server;
	CALL(poll, "until it is there", &arrival, 1, 10000);
	CALL(recvfrom, "it", server, buffer, 100, 0, &other, &size);
	SEE("%u %08x", size, digest(buffer, 6));
	CALL(recvfrom, "no more", server, buffer, 100, 0, NULL, NULL);
	CALL(listen, "UDP", server, 1);
	close(client);
	close(server);
}

static void messages(void)
{
	char control[256];
	struct iovec iov[2] = { { "first", 5 }, { "second", 6 } },
		     room[2] = { { buffer, 3 }, { buffer + 10, 20 } };
	struct iovec large = { buffer, -1ul };
	struct msghdr out = { .msg_iov = iov, .msg_iovlen = 2 },
		      in = { .msg_iov = room, .msg_iovlen = 2 };
	struct mmsghdr many[3] = { { .msg_hdr = out }, { .msg_hdr = out }, { .msg_hdr = out } };
	struct timespec time = { 0, 0 };
	struct cmsghdr *header = (struct cmsghdr *)control;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	int pair[2], fd, i;

	group("messages");
	CALL(socketpair, "a pair", AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair);
	CALL(sendmsg, "two parts", pair[0], &out, 0);
	CALL(recvmsg, "in other parts", pair[1], &in, 0);
	SEE("%08x %08x flags %x", digest(buffer, 3), digest(buffer + 10, 8), in.msg_flags);
	out.msg_iovlen = 1025;
	CALL(sendmsg, "too many parts", pair[0], &out, 0);
	out.msg_iov = &large;
	out.msg_iovlen = 1;
	CALL(sendmsg, "a part too large", pair[0], &out, 0);
	out.msg_iov = NULL;
	out.msg_iovlen = 0;
	CALL(sendmsg, "no parts", pair[0], &out, 0);
	CALL(recvmsg, "of nothing", pair[1], &in, 0);
	out.msg_iov = iov;
	out.msg_iovlen = 1;
	memset(control, 0, sizeof(control));
	header->cmsg_len = CMSG_LEN(sizeof(int));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	fd = pair[0];
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	out.msg_control = control;
	out.msg_controllen = CMSG_SPACE(sizeof(int));
	CALL(sendmsg, "a descriptor", pair[0], &out, 0);
	memset(control, 0, sizeof(control));
	in.msg_control = control;
	in.msg_controllen = sizeof(control);
	CALL(recvmsg, "it", pair[1], &in, MSG_CMSG_CLOEXEC);
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	SEE("level %d, type %d, length %d, descriptor %d", header->cmsg_level, header->cmsg_type,
	    (int)in.msg_controllen, fd);
	CALL(fcntl, "close on exec", fd, F_GETFD);
	fd = 900;
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	CALL(sendmsg, "a bad descriptor", pair[0], &out, 0);
	header->cmsg_len = 3;
	CALL(sendmsg, "bad control", pair[0], &out, 0);
	out.msg_controllen = -1ul;
	CALL(sendmsg, "control too large", pair[0], &out, 0);
	CALL(sendmmsg, "three", pair[0], many, 3, 0);
	for (i = 0; i < 3; i++)
		SEE("%u", many[i].msg_len);
	many[0].msg_hdr.msg_iov = many[1].msg_hdr.msg_iov = many[2].msg_hdr.msg_iov = room;
	CALL(recvmmsg, "two", pair[1], many, 2, 0, NULL);
	CALL(recvmmsg, "a time", pair[1], many, 2, 0, &time);
	CALL(recvmmsg, "none", pair[1], many, 2, MSG_DONTWAIT, NULL);
	time.tv_nsec = -1;
	CALL(recvmmsg, "a bad time", pair[1], many, 2, 0, &time);
	CALL(setsockopt, "a value", pair[0], SOL_SOCKET, SO_SNDBUF, &(int){ 10000 }, 4);
	size = 4;
	CALL(getsockopt, "it", pair[0], SOL_SOCKET, SO_SNDBUF, &fd, &size);
	SEE("%d %u", fd, size);
	size = 2;
	CALL(getsockopt, "little room", pair[0], SOL_SOCKET, SO_TYPE, &fd, &size);
	SEE("%u", size);
	size = -1;
	CALL(getsockopt, "negative room", pair[0], SOL_SOCKET, SO_TYPE, &fd, &size);
	CALL(setsockopt, "little", pair[0], SOL_SOCKET, SO_SNDBUF, &fd, 2);
	CALL(setsockopt, "unknown", pair[0], SOL_SOCKET, 9999, &fd, 4);
	CALL(getsockopt, "unknown level", pair[0], 999, 1, &fd, &size);
	size = sizeof(cred);
	CALL(getsockopt, "who is there", pair[0], SOL_SOCKET, SO_PEERCRED, &cred, &size);
	SEE("myself: %d", cred.pid == getpid() && cred.uid == getuid());
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	making();
	local();
	internet();
	messages();
	return diff_end();
}
