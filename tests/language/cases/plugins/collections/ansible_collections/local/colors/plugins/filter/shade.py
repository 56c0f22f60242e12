class FilterModule:
    def filters(self):
        return {"shade": lambda color: "dark " + color}
