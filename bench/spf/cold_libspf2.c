/* libspf2 over /etc/resolv.conf: the same lines in, the same lines out as cold_bench.cc.
   With the argument "uncached" its cache is off; without, it is empty at the start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <netinet/in.h>
#include <spf2/spf.h>

#define MOST 100000

static char *clients[MOST][2];
static SPF_result_t results[MOST];

static SPF_result_t check(SPF_server_t *server, const char *ip, const char *sender) {
  SPF_request_t *request = SPF_request_new(server);
  SPF_response_t *response = NULL;
  if (strchr(ip, ':')) {
    SPF_request_set_ipv6_str(request, ip);
  } else {
    SPF_request_set_ipv4_str(request, ip);
  }
  SPF_request_set_helo_dom(request, "helo.example");
  SPF_request_set_env_from(request, sender);
  SPF_request_query_mailfrom(request, &response);
  SPF_result_t code = SPF_response_result(response);
  SPF_response_free(response);
  SPF_request_free(request);
  /* An invalid record is no result of its own in RFC 7208. */
  return code == SPF_RESULT_INVALID ? SPF_RESULT_PERMERROR : code;
}

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static int read_clients(void) {
  static char line[4096];
  int count = 0;
  while (count < MOST && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *rest = line;
    strsep(&rest, "\t");
    char *ip = strsep(&rest, "\t");
    if (!rest) continue;
    clients[count][0] = strdup(ip);
    clients[count++][1] = strdup(rest);
  }
  return count;
}

int main(int argc, char **argv) {
  int uncached = argc > 1 && !strcmp(argv[1], "uncached");
  int count = read_clients();
  struct timespec start, end;
  SPF_server_t *server = SPF_server_new(uncached ? SPF_DNS_RESOLV : SPF_DNS_CACHE, 0);
  SPF_server_set_rec_dom(server, "receiver.example");
  double cpu = cpu_seconds();
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < count; ++i) results[i] = check(server, clients[i][0], clients[i][1]);
  clock_gettime(CLOCK_MONOTONIC, &end);
  cpu = cpu_seconds() - cpu;
  for (int i = 0; i < count; ++i) printf("%s\n", SPF_strresult(results[i]));
  double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  printf("rate\t%.0f\t%.1f\tone question at a time\n", count / wall, cpu * 1e6 / count);
  SPF_server_free(server);
  return 0;
}
