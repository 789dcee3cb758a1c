"""The shipped sample's card, as the guide reads it."""

from app.agent.sample import sample


def test_goal_grader_and_what_an_answer_is_worth_come_from_the_card():
    brought = sample()
    assert brought.goal.startswith("Route each support ticket")
    assert brought.grader["type"] == "python"
    assert [score for _, score in brought.scores] == [
        "1.0",
        "0.2",
        "0.2; 1.0 for a ticket that is nobody's",
        "0.1",
        "0",
    ]
