from __future__ import annotations

import pytest

from kplay.modules.iptables import module
from kplay.testing import FakeHost, plan, play

SSH = {"chain": "INPUT", "protocol": "tcp", "destination_port": 22, "jump": "ACCEPT"}


def host(rules: list[str] | None = None, policy: str = "ACCEPT") -> FakeHost:
    """A host whose filter table holds rules as iptables -S would list them."""
    there = FakeHost()
    table = {"rules": list(rules or []), "policy": policy, "chains": ["INPUT"]}

    def does(_on: FakeHost, argv: object) -> object:
        from kplay.agent.host import Completed

        words = list(argv)[3:]  # type: ignore[call-overload]
        if words[0] == "-w":
            words = words[2:]
        verb, text = words[0], " ".join(words[1:])
        if verb == "-C":
            return Completed(0 if text in table["rules"] else 1, "", "")
        if verb == "-S":
            if words[1:] and words[1] not in table["chains"]:
                return Completed(1, "", "No chain/target/match by that name.")
            lines = [f"-P INPUT {table['policy']}", *(f"-A {one}" for one in table["rules"])]
            return "\n".join(lines) + "\n"
        if verb == "-A":
            table["rules"].append(text)  # type: ignore[attr-defined]
        elif verb == "-I":
            number = 1
            if words[2].isdigit():
                number = int(words.pop(2))
            table["rules"].insert(number - 1, " ".join(words[1:]))  # type: ignore[attr-defined]
        elif verb == "-D":
            table["rules"].remove(text)  # type: ignore[attr-defined]
        elif verb == "-F":
            table["rules"] = []
        elif verb == "-P":
            table["policy"] = words[2]
        elif verb == "-N":
            table["chains"].append(words[1])  # type: ignore[attr-defined]
        elif verb == "-X":
            table["chains"].remove(words[1])  # type: ignore[attr-defined]
        return ""

    return there.when("iptables", does=does).when("ip6tables", does=does)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_rule_is_appended_once() -> None:
    there = host()
    assert plan(module, SSH, there).action == "create"
    done = play(module, SSH, there)
    assert (done.changed, done["rule"]) == (True, "-p tcp --dport 22 -j ACCEPT")
    assert (done["chain"], done["table"], done["ip_version"]) == ("INPUT", "filter", "ipv4")
    assert lines(there) == ["iptables -t filter -A INPUT -p tcp --dport 22 -j ACCEPT"]
    assert plan(module, SSH, there).action == "none"
    assert not play(module, SSH, there).changed
    gone = {**SSH, "state": "absent"}
    assert plan(module, gone, there).action == "remove"
    assert play(module, gone, there).changed
    assert not play(module, gone, there).changed


def test_a_rule_is_inserted_where_asked() -> None:
    there = host(["INPUT -j DROP", "INPUT -j LOG"])
    play(module, {**SSH, "action": "insert", "rule_num": 2, "wait": "5"}, there)
    assert lines(there) == ["iptables -t filter -w 5 -I INPUT 2 -p tcp --dport 22 -j ACCEPT"]
    there = host()
    play(module, {**SSH, "action": "insert"}, there)
    assert lines(there) == ["iptables -t filter -I INPUT -p tcp --dport 22 -j ACCEPT"]


def test_both_versions() -> None:
    there = host()
    assert play(module, {**SSH, "ip_version": "both", "table": "filter"}, there).changed
    assert lines(there)[0].startswith("iptables -t filter -A")
    there = host()
    args = {"chain": "INPUT", "protocol": "ipv6-icmp", "icmp_type": "135", "ip_version": "ipv6"}
    assert play(module, args, there)["rule"] == "-p ipv6-icmp --icmpv6-type 135"
    assert lines(there)[-1].startswith("ip6tables -t filter -A")


def test_a_policy() -> None:
    there = host()
    args = {"chain": "INPUT", "policy": "DROP"}
    assert plan(module, args, there).action == "update"
    assert play(module, args, there).changed
    assert lines(there) == ["iptables -t filter -P INPUT DROP"]
    assert not play(module, args, there).changed


def test_a_flush_changes_where_there_are_rules() -> None:
    there = host(["INPUT -j DROP"])
    assert plan(module, {"flush": True}, there).action == "update"
    assert play(module, {"flush": True, "chain": "INPUT"}, there).changed
    assert lines(there) == ["iptables -t filter -F INPUT"]
    assert not play(module, {"flush": True}, there).changed
    assert "mutually exclusive" in play(module, {"flush": True, "policy": "DROP"}, there).msg


def test_chains_of_ones_own() -> None:
    there = host()
    args = {"chain": "OURS", "chain_management": True}
    assert plan(module, args, there).action == "create"
    assert play(module, args, there).changed
    assert lines(there) == ["iptables -t filter -N OURS"]
    assert not play(module, args, there).changed
    assert play(module, {**args, "state": "absent"}, there).changed
    assert lines(there)[-1] == "iptables -t filter -X OURS"


def test_a_plan_knows_of_the_steps_before() -> None:
    there = host(["INPUT -p tcp --dport 22 -j ACCEPT"])
    for kind, key, value in plan(module, {"flush": True}, there).effects:
        there.effects[kind, key] = value
    assert plan(module, {"flush": True}, there).action == "none"
    again = plan(module, SSH, there)
    assert again.action == "create"
    for kind, key, value in again.effects:
        there.effects[kind, key] = value
    assert plan(module, SSH, there).action == "none"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"source": "!10.0.0.0/8", "destination": "1.2.3.4"}, "! -s 10.0.0.0/8 -d 1.2.3.4"),
        ({"in_interface": "eth0", "out_interface": "! lo"}, "-i eth0 ! -o lo"),
        ({"fragment": "yes"}, "-f"),
        ({"ctstate": ["NEW", "ESTABLISHED"]}, "-m conntrack --ctstate NEW,ESTABLISHED"),
        ({"ctstate": "NEW", "match": "state"}, "-m state --state NEW"),
        ({"ctstate": "NEW", "match": "conntrack"}, "-m conntrack --ctstate NEW"),
        ({"protocol": "tcp", "destination_ports": ["80", "1:9"]},
         "-p tcp -m multiport --dports 80,1:9"),
        ({"protocol": "tcp", "source_port": "1", "syn": "match"}, "-p tcp --sport 1 --syn"),
        ({"protocol": "tcp", "syn": "negate"}, "-p tcp ! --syn"),
        ({"protocol": "tcp", "tcp_flags": {"flags": ["SYN", "RST"], "flags_set": ["SYN"]}},
         "-p tcp --tcp-flags SYN,RST SYN"),
        ({"src_range": "1.1.1.1-1.1.1.9", "dst_range": "2.2.2.2-2.2.2.9"},
         "-m iprange --src-range 1.1.1.1-1.1.1.9 --dst-range 2.2.2.2-2.2.2.9"),
        ({"limit": "2/second", "limit_burst": "20"}, "-m limit --limit 2/second --limit-burst 20"),
        ({"uid_owner": "proxy"}, "-m owner --uid-owner proxy"),
        ({"gid_owner": "!proxy"}, "-m owner ! --gid-owner proxy"),
        ({"match_set": "admin", "match_set_flags": "src"}, "-m set --match-set admin src"),
        ({"comment": "a b"}, "-m comment --comment a b"),
        ({"jump": "REJECT", "reject_with": "tcp-reset"}, "-j REJECT --reject-with tcp-reset"),
        ({"reject_with": "tcp-reset"}, "-j REJECT --reject-with tcp-reset"),
        ({"log_prefix": "x: ", "log_level": "info"}, "-j LOG --log-prefix x:  --log-level info"),
        ({"jump": "DNAT", "to_destination": "1.1.1.1", "table": "nat"},
         "-j DNAT --to-destination 1.1.1.1"),
        ({"jump": "SNAT", "to_source": "1.1.1.1"}, "-j SNAT --to-source 1.1.1.1"),
        ({"jump": "REDIRECT", "to_ports": "8600"}, "-j REDIRECT --to-ports 8600"),
        ({"jump": "DSCP", "set_dscp_mark": "8"}, "-j DSCP --set-dscp 8"),
        ({"jump": "DSCP", "set_dscp_mark_class": "CS1"}, "-j DSCP --set-dscp-class CS1"),
        ({"jump": "TEE", "gateway": "1.1.1.1"}, "-j TEE --gateway 1.1.1.1"),
        ({"goto": "OTHER"}, "-g OTHER"),
        ({"set_counters": "1,2"}, "-c 1 2"),
        ({"protocol": "icmp", "numeric": True}, "-p icmp"),
        ({"protocol": "icmp", "icmp_type": "8"}, "-p icmp --icmp-type 8"),
    ],
)  # fmt: skip
def test_rules(args: dict[str, object], words: str) -> None:
    assert play(module, {"chain": "INPUT", **args}, host())["rule"] == words


def test_what_cannot_be() -> None:
    told = play(module, {"jump": "DROP"}, host()).msg
    assert told == "chain is required unless flush is given"
    told = play(module, {"chain": "INPUT", "match_set": "x"}, host()).msg
    assert told == "missing parameter(s) required by 'match_set': match_set_flags"
    assert play(module, SSH, FakeHost()).msg == "iptables is not installed"
    assert plan(module, SSH, FakeHost()).unknown == "no program iptables on the host yet"
    broken = host().when("iptables -t filter -A", rc=2, stderr="Bad argument\n")
    assert play(module, SSH, broken).msg == "Bad argument"
