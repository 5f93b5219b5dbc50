import json

from components.recipes.next_item.metrics.protocol import RankingProtocol


def test_it_is_stated_beside_the_numbers():
    protocol = RankingProtocol("leave-one-out; rank = 1 + greater + equal", "test", 1943, 1682)
    assert protocol.caption == "test: 1,943 users, 1,682 items; leave-one-out; rank = 1 + greater + equal"
    assert json.loads(json.dumps(protocol.stated)) == {
        "text": protocol.text,
        "split": "test",
        "users": 1943,
        "items": 1682,
        "caption": protocol.caption,
    }
