"""Aggregate reports in a few words, for suites that make many of them."""

import datetime

EPOCH = datetime.date(1970, 1, 1)


def record(author, ip, count, keys, envelope, spf):
    """A record of mail with the author domain `author`; `keys` are (d=, selector, result), and
    `spf` is the result for the domain `envelope` of MAIL FROM."""
    dkim = "".join(f"<dkim><domain>{domain}</domain><selector>{selector}</selector>"
                   f"<result>{result}</result></dkim>" for domain, selector, result in keys)
    return (f"<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>"
            "<disposition>none</disposition></policy_evaluated></row><identifiers>"
            f"<header_from>{author}</header_from></identifiers><auth_results>{dkim}<spf><domain>"
            f"{envelope}</domain><scope>mfrom</scope><result>{spf}</result></spf></auth_results>"
            "</record>")


def report(domain, email, day, rows, policy="<p>none</p>"):
    """A report of one day by the reporter whose address is `email`."""
    begin = (day - EPOCH).days * 86400
    return (f"<feedback><report_metadata><org_name>{email}</org_name><email>{email}</email>"
            f"<report_id>{day}</report_id><date_range><begin>{begin}</begin>"
            f"<end>{begin + 86399}</end></date_range></report_metadata><policy_published><domain>"
            f"{domain}</domain>{policy}</policy_published>{''.join(rows)}</feedback>")
