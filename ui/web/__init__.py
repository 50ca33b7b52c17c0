"""The chat page: a Gradio application inside a small ASGI application that guards every route."""
