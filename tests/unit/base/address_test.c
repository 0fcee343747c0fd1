#include "base/address.h"

#include <criterion/criterion.h>
#include <string.h>

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	char again[INET6_ADDRSTRLEN];
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		address_text((const struct sockaddr *)&v4, again, sizeof again);
		cr_expect_str_eq(again, text);
		return address_is_public((const struct sockaddr *)&v4);
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1, "%s", text);
	address_text((const struct sockaddr *)&v6, again, sizeof again);
	cr_expect_str_eq(again, text);
	return address_is_public((const struct sockaddr *)&v6);
}

/* The first and the last of each range of the registries, and the neighbours outside of it. */
Test(address, is_public_where_the_registries_say_so)
{
	static const char *const public[] = {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
	    "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	    "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0",
	    "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
	    "223.255.255.255", "8.8.8.8", "93.184.216.34", "168.63.129.15", "168.63.129.17",
	    "2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::1", "2606:4700::1111",
	    "3ffe:ffff::", "3fff:1000::", "::ffff:8.8.8.8", "64:ff9b::808:808"};
	static const char *const special[] = {"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
	    "100.64.0.0", "100.100.100.200", "100.127.255.255", "127.0.0.0", "127.0.0.1", "127.255.255.255",
	    "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
	    "192.0.0.192", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.1", "192.168.0.0",
	    "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255",
	    "203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
	    "168.63.129.16", "::", "::1", "100::1", "1fff::1", "2001::1", "2001:2::1", "2001:10::1",
	    "2001:1ff:ffff::", "2001:db8::", "2001:db8:ffff::", "2002::", "2002:808:808::1", "3fff::1",
	    "3fff:fff:ffff::", "4000::", "5f00::1", "fc00::", "fd00:ec2::254", "fe80::1", "fec0::1",
	    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
	    "64:ff9b::a00:1", "64:ff9b:1::808:808"};
	for (size_t i = 0; i < sizeof public / sizeof *public; i++)
		cr_expect(is_public(public[i]), "%s is public", public[i]);
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		cr_expect_not(is_public(special[i]), "%s is not public", special[i]);
}

Test(address, of_another_kind_is_not_public)
{
	struct sockaddr local = {.sa_family = AF_UNIX};
	cr_expect_not(address_is_public(&local));
}
