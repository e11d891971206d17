"""Names of files in the private folder that both the server and its processes know; none is ever taken from a request."""

#: A picture that was received: messages about it begin with this.
PICTURE = "The picture"
#: A result as a part of the page.
VIEW = "view.html"
