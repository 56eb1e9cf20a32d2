"""Everything the balancer can refuse or fail at, in the words of the domain; HTTP gives them their codes."""


class RingmasterError(Exception):
    """The root of all errors that the balancer raises on purpose; its text is for the user."""


class InvalidRequest(RingmasterError):
    """The request can never be carried out as it is: the caller has to change it."""


class RingFull(InvalidRequest):
    """The ring or the cap on the fleet has no room for so many servers."""


class UnknownServer(RingmasterError):
    """No server of that name serves."""


class EmptyRing(RingmasterError):
    """There is no living server to route to."""


class NameTaken(RingmasterError):
    """A container of that name exists and belongs to somebody else."""


class Busy(RingmasterError):
    """Another change is running and did not end in time."""


class StartFailed(RingmasterError):
    """A server did not become ready."""


class EngineUnavailable(RingmasterError):
    """The container engine does not answer, or refuses what the balancer needs."""


class PlaneUnavailable(RingmasterError):
    """The data plane does not answer, or refuses what the balancer tells it."""


class StateUnavailable(RingmasterError):
    """The desired fleet cannot be read from or written to its volume."""


class NewerState(StateUnavailable):
    """The saved fleet is in a format that only a newer balancer knows: it is left as it is."""


class IllegalTransition(RingmasterError):
    """A server's life cycle has no such step: a defect in the balancer, not in the request."""
