"""Cars: the Smartcar client, and a simulator that speaks as Smartcar does. They never import each other."""
