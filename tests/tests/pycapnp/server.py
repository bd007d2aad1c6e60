"""A foreign server for our client.

In: the folder of the schemas, the path of a Unix socket. Out: answers, until the first client has
left.
"""

import asyncio
import sys

import capnp
from threads import Schemas

folder, path = sys.argv[1:]
schemas = Schemas(folder)
foo = schemas.foo


class Foo(foo.FooInterface.Server):
    def __init__(self):
        self.saved = None

    async def add(self, a, b, _context, **kwargs):
        return a + b

    async def addInOut(self, x, sum, _context, **kwargs):
        return sum + x

    async def initThreadMap(self, threadMap, _context, **kwargs):
        self.threads = threadMap
        return schemas.thread_map()

    def back(self, context):
        # A callback runs on the thread of the caller, which waits for this call.
        return {"thread": context.callbackThread, "callbackThread": context.thread}

    async def callback(self, context, callback, arg, _context, **kwargs):
        assert "mptest-client" in (await context.callbackThread.getName()).result
        return (await callback.call(context=self.back(context), arg=arg)).result

    async def saveCallback(self, context, callback, _context, **kwargs):
        if self.saved is not None:
            await self.saved.destroy(context=self.back(context))
        self.saved = callback

    async def callbackSaved(self, context, arg, _context, **kwargs):
        return (await self.saved.call(context=self.back(context), arg=arg)).result

    async def passFn(self, context, fn, _context, **kwargs):
        return (await fn.call(context=self.back(context))).result

    async def callFnAsync(self, context, _context, **kwargs):
        raise RuntimeError("not today")


async def main():
    left = asyncio.Event()

    async def serve(stream):
        await capnp.TwoPartyServer(stream, bootstrap=Foo()).on_disconnect()
        left.set()

    server = await capnp.AsyncIoStream.create_unix_server(serve, path)
    print("ready", flush=True)
    await left.wait()
    server.close()


asyncio.run(capnp.run(main()))
