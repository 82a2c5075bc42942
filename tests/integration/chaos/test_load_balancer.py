"""A load balancer of the benches: whom it connects to."""

import socket
from contextlib import ExitStack, closing

from chaos.load_balancer import LoadBalancer


def test_one_that_is_taken_out_gets_no_new_connection() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in range(2)]
        balancer = stack.enter_context(LoadBalancer([server.getsockname() for server in servers]))
        with balancer.without(0):
            for _ in range(4):
                asked = stack.enter_context(socket.create_connection(("127.0.0.1", balancer.port)))
                servers[1].settimeout(10)
                stack.enter_context(servers[1].accept()[0])
                asked.close()
        stack.enter_context(socket.create_connection(("127.0.0.1", balancer.port)))
        stack.enter_context(socket.create_connection(("127.0.0.1", balancer.port)))
        servers[0].settimeout(10)
        stack.enter_context(servers[0].accept()[0])
