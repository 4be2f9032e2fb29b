// A UDP client for steps and containers, static, since busybox has none.
//
//   udp send ADDRESS PORT COUNT SIZE [SEGMENT]  sends COUNT times SIZE bytes; with SEGMENT, the kernel cuts
//                                               each into datagrams of SEGMENT bytes (UDP_SEGMENT)
//   udp fetch ADDRESS PORT COUNT SIZE           asks the lab's source for COUNT datagrams of SIZE bytes, some
//                                               at a time, until all came or 5 s passed in silence; prints
//                                               how many came, and fails where not all did
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define UDP_SEGMENT 103 // linux/udp.h

static char buffer[65536];

static int usage(void) {
  fprintf(stderr, "usage: udp send ADDRESS PORT COUNT SIZE [SEGMENT]\n"
                  "       udp fetch ADDRESS PORT COUNT SIZE\n");
  return 2;
}

static int connected(const char *address, int port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int fd = -1;
  if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    return connect(fd, (struct sockaddr *)&v4, sizeof v4) == 0 ? fd : -1;
  }
  if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    return connect(fd, (struct sockaddr *)&v6, sizeof v6) == 0 ? fd : -1;
  }
  return -1;
}

static int send_all(int fd, long count, long size, int segment) {
  // About 10 MB/s: a receiver's buffer holds little.
  struct timespec pause = {0, size * 100};
  if (segment > 0 && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) {
    perror("UDP_SEGMENT");
    return 1;
  }
  for (long i = 0; i < count; i++) {
    if (send(fd, buffer, size, 0) != size) {
      perror("send");
      return 1;
    }
    nanosleep(&pause, NULL);
  }
  return 0;
}

static int fetch(int fd, long count, long size) {
  struct timeval silence = {5, 0};
  long datagrams = 0, bytes = 0, asked = 0, got = 0;
  // As much at a time as a socket's buffer holds for sure, so that a busy machine drops nothing.
  long window = size > 0 && 65536 / size < 64 ? 65536 / size : 64;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  while (datagrams < count && got >= 0) {
    if (datagrams == asked) {
      long next = count - asked < window ? count - asked : window;
      int length = snprintf(buffer, sizeof buffer, "%ld %ld\n", next, size);
      if (send(fd, buffer, length, 0) != length) {
        perror("send");
        return 1;
      }
      asked += next;
    }
    got = recv(fd, buffer, sizeof buffer, 0);
    if (got >= 0) {
      datagrams++;
      bytes += got;
    }
  }
  printf("%ld datagrams, %ld bytes\n", datagrams, bytes);
  return datagrams == count ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc < 6) return usage();
  long count = atol(argv[4]), size = atol(argv[5]);
  int fd = connected(argv[2], atoi(argv[3]));
  if (fd < 0) {
    fprintf(stderr, "udp: no route to %s, or not an address\n", argv[2]);
    return 1;
  }
  if (size < 0 || size > 65507) return usage();
  memset(buffer, 'n', sizeof buffer);
  if (strcmp(argv[1], "send") == 0) return send_all(fd, count, size, argc > 6 ? atoi(argv[6]) : 0);
  if (strcmp(argv[1], "fetch") == 0) return fetch(fd, count, size);
  return usage();
}
