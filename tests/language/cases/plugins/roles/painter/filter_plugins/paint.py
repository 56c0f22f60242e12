class FilterModule:
    def filters(self):
        return {"painted": lambda color, how="thin": how + " " + color}
