"""Documents of composed models: the ordinary parts applied to each member, and parts that say how members are linked."""
