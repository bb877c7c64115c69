/* The driver of libspf2: the same lines in, the same lines out as spf_driver.cc. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>
#include <spf2/spf.h>
#include <spf2/spf_dns_cache.h>
#include <spf2/spf_dns_zone.h>

#define MOST 4096
#define LINE 70000

static char *clients[MOST][2];
static int count;

static ns_type type_of(const char *text) {
  if (!strcmp(text, "A")) return ns_t_a;
  if (!strcmp(text, "AAAA")) return ns_t_aaaa;
  if (!strcmp(text, "MX")) return ns_t_mx;
  if (!strcmp(text, "PTR")) return ns_t_ptr;
  return ns_t_txt;
}

static SPF_server_t *fresh(SPF_dns_server_t **zone) {
  *zone = SPF_dns_zone_new(NULL, NULL, 0);
  SPF_server_t *server = SPF_server_new_dns(SPF_dns_cache_new(*zone, NULL, 0, 8), 0);
  SPF_server_set_rec_dom(server, "receiver.example");
  return server;
}

static const char *check(SPF_server_t *server, const char *ip, const char *sender) {
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
  /* An invalid record is no result of its own in RFC 7208. */
  const char *result = SPF_strresult(code == SPF_RESULT_INVALID ? SPF_RESULT_PERMERROR : code);
  SPF_response_free(response);
  SPF_request_free(request);
  return result;
}

static void time_cases(SPF_server_t *server, int rounds) {
  struct timespec start, end;
  int passes = 0;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < count; ++i) {
      passes += !strcmp(check(server, clients[i][0], clients[i][1]), "pass");
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  printf("rate\t%.0f\t%d\n", (double)count * rounds / seconds, passes);
}

int main(int argc, char **argv) {
  static char line[LINE];
  SPF_dns_server_t *zone;
  SPF_server_t *server = fresh(&zone);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *rest = line;
    char *kind = strsep(&rest, "\t"), *a = strsep(&rest, "\t"), *b = strsep(&rest, "\t");
    if (!strcmp(kind, "reset")) {
      SPF_server_free(server);
      server = fresh(&zone);
      count = 0;
    } else if (!strcmp(kind, "zone") && rest) {
      int fails = !strcmp(rest, "!servfail");
      SPF_dns_zone_add_str(zone, a, type_of(b), fails ? TRY_AGAIN : NETDB_SUCCESS,
                           fails ? NULL : rest);
    } else if (!strcmp(kind, "case") && rest && count < MOST) {
      printf("%s\t%s\n", a, check(server, b, rest));
      clients[count][0] = strdup(b);
      clients[count++][1] = strdup(rest);
    }
  }
  if (argc > 1) time_cases(server, atoi(argv[1]));
  return 0;
}
