def backwards(text):
    return text[::-1]


class FilterModule:
    def filters(self):
        return {"backwards": backwards}
