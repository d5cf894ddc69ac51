def handler(event, context):
    """Answer with the event's name, and say so in the log."""
    name = event.get("name", "world")
    print("greeting", name, "with", context.memory_limit_in_mb, "MB")
    return {"message": f"Hello, {name}!"}
