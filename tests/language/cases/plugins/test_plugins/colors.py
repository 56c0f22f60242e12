def is_blue(value):
    return value == "blue"


class TestModule:
    def tests(self):
        return {"blue": is_blue}
