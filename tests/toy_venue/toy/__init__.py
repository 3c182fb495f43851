"""The Toy Exchange: limit orders as JSON over one WebSocket, a token and the instruments over HTTP."""
