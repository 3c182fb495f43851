"""The order state machine, reached through `DispatchState` alone."""
