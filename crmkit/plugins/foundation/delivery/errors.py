"""What delivery refuses."""

from crmkit import RefusedError


class WrongStateError(RefusedError):
    """The intent is in a state in which this may not be done to it."""

    def __init__(self, intent_id: int, state: str, wanted: str, doing: str) -> None:
        super().__init__(f"intent {intent_id} is {state}; only {wanted} ones can be {doing}")
        self.intent_id = intent_id
        self.state = state
