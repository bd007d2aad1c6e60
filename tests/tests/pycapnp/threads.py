"""What both scripts need: the schemas, and threads that exist in name only."""

import capnp

capnp.remove_import_hook()


class Schemas:
    """The emitted schemas in `folder`."""

    def __init__(self, folder):
        parser = capnp.SchemaParser()
        imports = [folder, "/usr/include"]
        # The file that imports the other one comes first.
        self.foo = parser.load(f"{folder}/foo.capnp", imports=imports)
        self.proxy = parser.load(f"{folder}/mp/proxy.capnp", imports=imports)

    def thread(self, name):
        class Thread(self.proxy.Thread.Server):
            async def getName(self, _context, **kwargs):
                return name

        return Thread()

    def thread_map(self):
        schemas = self

        class ThreadMap(self.proxy.ThreadMap.Server):
            async def makeThread(self, name, _context, **kwargs):
                return schemas.thread(f"python (from {name})")

        return ThreadMap()
