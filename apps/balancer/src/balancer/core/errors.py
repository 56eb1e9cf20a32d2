"""The errors of the balancer, in the words of the domain. `http/answer.py` gives them HTTP codes."""


class RingmasterError(Exception):
    """The root of all errors that the balancer raises on purpose. The error's text is for the user."""


class InvalidRequest(RingmasterError):
    """The request cannot be carried out as it is: the caller has to change it."""


class RingFull(InvalidRequest):
    """The ring, or the setting max_servers, allows fewer servers."""


class UnknownServer(RingmasterError):
    """No serving server has that hostname."""


class EmptyRing(RingmasterError):
    """There is no living server to route to."""


class NameTaken(RingmasterError):
    """A container of that name exists and does not belong to this deployment."""


class Busy(RingmasterError):
    """The change cannot be made now; it may succeed later. Mostly, another change is running."""


class TooManyWait(RingmasterError):
    """So many changes wait for their turn that one more is not let in."""


class StartFailed(RingmasterError):
    """A server did not become ready."""


class ImageMissing(StartFailed):
    """The image of a release is not on the engine."""


class PullFailed(RingmasterError):
    """An image cannot be found or pulled. The text is the engine's own reason."""


class EngineUnavailable(RingmasterError):
    """The container engine does not answer, or refuses a call."""


class PlaneUnavailable(RingmasterError):
    """The data plane does not answer, or refuses a command."""


class StateUnavailable(RingmasterError):
    """The desired fleet cannot be read from or written to where it is kept."""


class DamagedState(StateUnavailable):
    """What was saved is there, and nobody can read it: the next save replaces it."""


class Superseded(StateUnavailable):
    """Another balancer has saved the fleet since this one last did: this one must not act any more."""


class NewerState(StateUnavailable):
    """The saved fleet has a format that only a newer balancer knows. The files are left as they are."""


class IllegalTransition(RingmasterError):
    """A server's life cycle has no such transition. This is a defect of the balancer."""
