"""The keeper: the one process that holds the engine. It serves the ports ContainerRuntime and Images, and no more."""
