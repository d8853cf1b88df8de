"""The exchanges that the console keeps, within bounds."""

from samspec.gateway.application import Exchange
from samspec.gateway.events import Request
from samspec.gateway.responses import Response
from samspec.server.recorder import OVERHEAD, Recorder


def exchange(url: str = "/", body: bytes = b"") -> Exchange:
    return Exchange(Request("POST", url, [], [], body, url=url), Response(200))


def urls(recorder: Recorder) -> list[str]:
    return [kept.request.url for kept in recorder.all()]


def test_the_last_requests_are_kept() -> None:
    recorder = Recorder(count=2)
    for url in ("/a", "/b", "/c"):
        recorder.add(exchange(url))
    assert urls(recorder) == ["/b", "/c"]
    assert recorder.find(1) is None


def test_the_bytes_of_what_is_kept_are_bounded() -> None:
    recorder = Recorder(size=25_000_000)
    for number in range(30):
        recorder.add(exchange(f"/{number}", bytes(10_000_000)))
    assert urls(recorder) == ["/28", "/29"]


def test_a_request_beyond_the_bound_is_not_kept_at_all() -> None:
    recorder = Recorder(size=OVERHEAD + 10)
    recorder.add(exchange("/small"))
    recorder.add(exchange("/large", bytes(100)))
    assert urls(recorder) == []


def test_a_client_gets_what_came_after_a_number() -> None:
    recorder = Recorder()
    for url in ("/a", "/b", "/c"):
        recorder.add(exchange(url))
    newer, _ = recorder.after(1, wait=0)
    assert [kept.request.url for kept in newer] == ["/b", "/c"]
    assert recorder.after(3, wait=0) == ([], 0)


def test_numbers_go_on_after_clearing() -> None:
    recorder = Recorder()
    recorder.add(exchange("/a"))
    recorder.clear()
    recorder.add(exchange("/b"))
    newer, cleared = recorder.after(0, wait=0)
    assert [(kept.number, kept.request.url) for kept in newer] == [(2, "/b")]
    assert cleared == 1


def test_a_request_is_in_flight_until_its_response() -> None:
    recorder = Recorder()
    waiting = exchange("/slow")
    recorder.begin(waiting)
    assert recorder.in_flight(0) == [waiting]
    assert recorder.in_flight(60_000) == []
    recorder.add(waiting)
    assert recorder.in_flight(0) == []
