/* Who asks when a reverse proxy stands in front: networks, the two headers, hostile values. */
#include "web/proxy.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static GArray *nets_of(const char *const *texts) {
    GArray *nets = g_array_new(FALSE, FALSE, sizeof(ProxyNet));
    for (; *texts != NULL; texts++) {
        g_autoptr(GError) error = NULL;
        ProxyNet net;
        g_assert_true(proxy_net_parse(*texts, &net, &error));
        g_assert_no_error(error);
        g_array_append_val(nets, net);
    }
    return nets;
}

static void take_peer(Request *req, const char *peer, const GArray *nets) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, peer, &four.sin_addr) == 1) {
        proxy_take_peer(req, (const struct sockaddr *)&four, nets);
    } else {
        g_assert_cmpint(inet_pton(AF_INET6, peer, &six.sin6_addr), ==, 1);
        proxy_take_peer(req, (const struct sockaddr *)&six, nets);
    }
}

static void test_nets(void) {
    static const char *const bad[] = {
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/ 8",
        "10.0.0.0/8/8",
        "10.0.0",
        "10.0.0.0 ",
        "0x0a.0.0.1",
        "::/129",
        "::1/x",
        "[::1]",
        "localhost",
        "fe80::1%eth0/64",
        "10.0.0.0:80",
        ":::",
        "/",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ProxyNet net;
        g_test_message("net \"%s\"", bad[i]);
        g_assert_false(proxy_net_parse(bad[i], &net, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

static void test_inside(void) {
    static const struct {
        const char *net, *peer;
        bool is_inside;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"10.1.2.3/8", "10.255.0.1", true}, /* bits behind the mask do not count */
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/9", "10.127.255.255", true},
        {"10.0.0.0/9", "10.128.0.0", false},
        {"192.0.2.128/31", "192.0.2.129", true},
        {"192.0.2.128/31", "192.0.2.130", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true}, /* as it comes to a socket that listens on :: */
        {"::ffff:10.0.0.0/104", "10.0.0.1", true},
        {"::ffff:10.0.0.0/104", "11.0.0.1", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_autoptr(GArray) nets = nets_of((const char *const[]){cases[i].net, NULL});
        g_autoptr(Request) req = request_new("GET", "/");
        request_add_header(req, "X-Forwarded-For", "fc00::7");
        take_peer(req, cases[i].peer, nets);
        g_assert_cmpint(strcmp(req->peer, "fc00::7") == 0, ==, cases[i].is_inside);
    }
}

/* The proxy is 127.0.0.1, and 10.0.0.0/8 and fd00::/8 are proxies too. */
static void test_lists(void) {
    static const char *const proxies[] = {"127.0.0.1", "10.0.0.0/8", "fd00::/8", NULL};
    static const char own[] = "127.0.0.1";
    g_autofree char *commas = g_strnfill(7000, ',');
    g_autofree char *proxies_only = g_strnfill(600, ' ');
    const struct {
        const char *header, *peer;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {" 192.0.2.1\t", "192.0.2.1"},
        {"203.0.113.9, 192.0.2.1", "192.0.2.1"}, /* the first was written by the client */
        {"192.0.2.1, 10.1.1.1", "192.0.2.1"},
        {"192.0.2.1,10.1.1.1,fd00::5 , 127.0.0.1", "192.0.2.1"},
        {"'; DROP TABLE sign_in, 192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:50000", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"[::ffff:192.0.2.1]:1", "192.0.2.1"},
        {"192.0.2.1, ::ffff:10.0.0.1", "192.0.2.1"},
        {"10.0.0.1, 10.0.0.2", own}, /* nobody but proxies */
        {"", own},
        {",", own},
        {"192.0.2.1,", own},
        {"192.0.2.1,,10.0.0.1", own},
        {"unknown", own},
        {"_hidden", own},
        {"192.0.2.1, unknown", own},
        {"192.0.2", own},
        {"192.0.2.256", own},
        {"0300.0.2.1", own},
        {"3221225985", own},
        {"192.0.2.1/24", own},
        {"192.0.2.1:", own},
        {"192.0.2.1:65536", own},
        {"192.0.2.1:-1", own},
        {"[192.0.2.1]", own},
        {"[2001:db8::1", own},
        {"[2001:db8::1]x", own},
        {"[2001:db8::1]:", own},
        {"[]", own},
        {"fe80::1%eth0", own},
        {"192.0.2.1 10.0.0.1", own},
        {"\"192.0.2.1\"", own},
        {"192.0.2.1\x01", own},
        {commas, own},
        {proxies_only, own},
    };
    g_autoptr(GArray) nets = nets_of(proxies);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("header \"%.40s\"", cases[i].header);
        g_autoptr(Request) trusted = request_new("GET", "/");
        request_add_header(trusted, "x-forwarded-for", cases[i].header);
        take_peer(trusted, "127.0.0.1", nets);
        g_assert_cmpstr(trusted->peer, ==, cases[i].peer);
        g_autoptr(Request) stranger = request_new("GET", "/");
        request_add_header(stranger, "X-Forwarded-For", cases[i].header);
        take_peer(stranger, "203.0.113.77", nets);
        g_assert_cmpstr(stranger->peer, ==, "203.0.113.77");
    }
}

static void test_lines(void) {
    g_autoptr(GArray) nets = nets_of((const char *const[]){"127.0.0.1", "10.0.0.0/8", NULL});
    g_autoptr(Request) req = request_new("GET", "/");
    request_add_header(req, "X-Forwarded-For", "203.0.113.9");
    request_add_header(req, "X-Forwarded-For", "192.0.2.1, 10.0.0.3");
    request_add_header(req, "X-Forwarded-For", "10.0.0.4");
    take_peer(req, "127.0.0.1", nets);
    g_assert_cmpstr(req->peer, ==, "192.0.2.1");
    g_autoptr(Request) plain = request_new("GET", "/");
    take_peer(plain, "127.0.0.1", nets);
    g_assert_cmpstr(plain->peer, ==, "127.0.0.1");
    g_autoptr(GArray) none = nets_of((const char *const[]){NULL});
    g_autoptr(Request) direct = request_new("GET", "/");
    take_peer(direct, "::ffff:192.0.2.8", none);
    g_assert_cmpstr(direct->peer, ==, "192.0.2.8");
}

static void test_scheme(void) {
    static const struct {
        const char *peer, *scheme;
        bool was_secure, is_secure;
    } cases[] = {
        {"127.0.0.1", "https", false, true},
        {"127.0.0.1", "HTTPS", false, true},
        {"127.0.0.1", "http", false, false},
        {"127.0.0.1", "https, http", false, false},
        {"127.0.0.1", "", false, false},
        {"192.0.2.1", "https", false, false},
        {"127.0.0.1", "http", true, true}, /* --secure-cookies says it for all */
    };
    g_autoptr(GArray) nets = nets_of((const char *const[]){"127.0.0.1", NULL});
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_autoptr(Request) req = request_new("GET", "/");
        req->is_secure = cases[i].was_secure;
        request_add_header(req, "X-Forwarded-Proto", cases[i].scheme);
        take_peer(req, cases[i].peer, nets);
        g_assert_cmpint(req->is_secure, ==, cases[i].is_secure);
        g_assert_cmpstr(
            web_session_cookie(req), ==, cases[i].is_secure ? "__Host-hz_session" : "hz_session");
    }
    g_autoptr(Request) twice = request_new("GET", "/");
    request_add_header(twice, "X-Forwarded-Proto", "https");
    request_add_header(twice, "X-Forwarded-Proto", "https");
    take_peer(twice, "127.0.0.1", nets);
    g_assert_false(twice->is_secure);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/proxy/refuses-bad-networks", test_nets);
    g_test_add_func("/web/proxy/who-is-inside-a-network", test_inside);
    g_test_add_func("/web/proxy/right-most-address-that-is-no-proxy", test_lists);
    g_test_add_func("/web/proxy/several-lines-are-one-list", test_lines);
    g_test_add_func("/web/proxy/https-only-from-a-trusted-peer", test_scheme);
    return g_test_run();
}
