"""What grows or steers a plan from files alone: includes and meta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.errors import KplayError
from kplay.plan.offline.outlook import Outlook, Prospect
from kplay.plan.offline.survey import Open
from kplay.resolve import loops
from kplay.resolve.unknown import Unknown, causes_in
from kplay.walk.bind import registered
from kplay.walk.expand import segment_of
from kplay.walk.turns import turns

if TYPE_CHECKING:
    from kplay.graph.model import Leaf, Segment, Vertex
    from kplay.plan.offline.presence import Presence
    from kplay.plan.offline.steps import Steps
    from kplay.playbook.model import Include, Task


class Steering:
    """Expands includes, and obeys what ends a role, a batch or a play."""

    def __init__(self, steps: Steps, presence: Presence) -> None:
        self.steps = steps
        self.presence = presence
        self.world = steps.world
        self.store = steps.store
        self.alike = steps.alike
        self.found = steps.found

    def include(
        self, leaf: Leaf, node: Include, hosts: list[str]
    ) -> list[tuple[Segment, list[str], str]]:
        """What an include brings in, in order, for which hosts, and why only perhaps.

        A perhaps is gone into for the sake of a survey alone.
        """
        vertex = leaf.vertex
        walks: dict[tuple[int, str], tuple[Segment, list[str], str]] = {}
        answers = self.alike.ask(hosts, lambda host: self._segments(leaf, node, host))
        for answer, part in answers:
            if isinstance(answer, Outlook):
                self._one_include(vertex, node, answer, part)
                continue
            self.presence.ran(vertex, part)
            self.found.steps += len(part)
            for segment, doubt in answer:
                walks.setdefault((id(segment), doubt), (segment, [], doubt))[1].extend(part)
        name = registered(node)
        if name:
            for host in hosts:
                self.store.register(host, name, {"changed": False, "failed": False})
            self.alike.changed(name)
        return [
            (segment, hosts if len(part) == len(hosts) else part, doubt)
            for segment, part, doubt in walks.values()
        ]

    def _one_include(self, vertex: Vertex, node: Include, look: Outlook, hosts: list[str]) -> None:
        self.found.steps += len(hosts)
        if not look.comes_to_it and not look.fault:
            self.found.skipped += len(hosts)
            return
        self.steps.note(vertex, f"include_{node.kind}", "unknown", look, hosts)
        if self.steps.survey is not None and not look.fault:
            self.steps.survey.includes.append(Open(vertex, "; ".join(look.causes)))
        if look.fault and not self.presence.doubt:
            self.steps.fail(vertex, hosts, look.fault)

    def _segments(
        self, leaf: Leaf, node: Include, host: str
    ) -> Outlook | tuple[tuple[Segment, str], ...]:
        """What an include brings in on a host, in order; an outlook where it brings nothing yet."""
        vertex, world = leaf.vertex, self.world
        look = self.steps.outlook(vertex, node, host)
        into = look.turns if self.steps.survey is None else look.comes_to_it
        if look.fault or not into or (look.may and self.steps.survey is None):
            return look
        try:
            scope = world.scope(vertex, node, host)
            values: Any = [None]
            looped = loops.loop_keyword(node) is not None
            if looped:
                values, _ = turns(vertex, node, scope, world)
                if isinstance(values, Unknown):
                    return look
            brought = []
            for index in range(len(values)):
                extra = loops.bindings(node, values, index) if looped else {}
                inner = world.scope(vertex, node, host, extra)
                verdict = world.condition(vertex, node, inner)[0]
                if verdict is False:
                    continue
                doubt = "" if verdict is True else f"whether `{vertex.name}` is come to"
                args = {key: inner.template(given) for key, given in node.args.items()}
                causes = [cause for given in args.values() for cause in causes_in(given)]
                if causes:
                    return Outlook(0, 1, tuple(dict.fromkeys(causes)))
                brought.append((segment_of(world, leaf, args, extra), doubt))
        except KplayError as error:
            return Outlook(0, 0, (), str(error))
        return tuple(brought)

    def meta(self, vertex: Vertex, task: Task, hosts: list[str]) -> None:
        """Obey a meta task, as far as it is certain; where it is not, all that follows is open."""
        word = str(task.args.value.get("_raw", ""))
        if word == "refresh_inventory":
            said = f"the inventory is read anew at {vertex.span}: what it will name is not foreseen"
            self.found.notes.append(said)
        if word not in ("end_host", "end_play", "end_batch", "end_role"):
            return
        asked = hosts if word in ("end_host", "end_role") else self.presence.speakers(hosts)
        looks = self.alike.ask(asked, lambda host: self.steps.outlook(vertex, task, host))
        sure = [
            name for look, part in looks if look.turns and not self.presence.doubt for name in part
        ]
        if word == "end_role":
            self.presence.end_role(task.role, sure)
        elif word == "end_host":
            self.presence.end(sure)
        else:
            self.presence.end_batches(sure, later=word == "end_play")
        for look, part in looks:
            if look.may or (look.turns and self.presence.doubt):
                self.found.prospects.append(Prospect.of(vertex, "meta", "unknown", look, part))
                self.presence.doubt = self.presence.doubt or f"whether `{vertex.name}` ends it"
