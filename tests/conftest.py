from hypothesis import settings

# Machines that run the tests are shared and noisy: how long one example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
