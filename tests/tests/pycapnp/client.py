"""A foreign client of our server.

In: the folder of the schemas, the path of a Unix socket. Out: exit code 0 when all answers were
right.
"""

import asyncio
import sys

import capnp
from threads import Schemas

folder, path = sys.argv[1:]
schemas = Schemas(folder)
foo = schemas.foo


class Callback(foo.ExtendedCallback.Server):
    def __init__(self, log):
        self.log = log

    async def call(self, context, arg, _context, **kwargs):
        self.log.append(("call", arg, (await context.callbackThread.getName()).result))
        return arg * 2

    async def callExtended(self, context, arg, _context, **kwargs):
        self.log.append(("callExtended", arg))
        return arg * 3

    async def destroy(self, context, _context, **kwargs):
        self.log.append(("destroy",))


class Function(foo.FooFn.Server):
    async def call(self, context, _context, **kwargs):
        return 42

    async def destroy(self, context, _context, **kwargs):
        pass


async def main():
    stream = await capnp.AsyncIoStream.create_unix_connection(path)
    client = capnp.TwoPartyClient(stream).bootstrap().cast_as(foo.FooInterface)

    assert (await client.add(a=2, b=3)).result == 5
    assert (await client.mapSize(map=[{"key": "a", "value": "b"}])).result == 1
    struct = {
        "name": "n",
        "setInt": [3, 1, 2],
        "vectorBool": [True, False],
        "optionalInt": 7,
        "hasOptionalInt": True,
        "unorderedSetInt": [9],
        "mapStringInt": [{"key": "k", "value": -1}],
    }
    # Some methods have names that Python keeps for itself.
    back = (await getattr(client, "pass")(arg=struct)).result
    assert back.name == "n" and list(back.setInt) == [1, 2, 3], back
    assert back.optionalInt == 7 and back.hasOptionalInt, back
    assert [(entry.key, entry.value) for entry in back.mapStringInt] == [("k", -1)], back
    raised = await getattr(client, "raise")(arg=struct)
    assert raised.error.name == "n", raised

    threads = (await client.initThreadMap(threadMap=schemas.thread_map())).threadMap
    request = threads.makeThread_request()  # `name` is also an argument of pycapnp's own
    request.name = "python-thread"
    thread = (await request.send()).result
    name = (await thread.getName()).result
    assert name.endswith("(from python-thread)"), name
    context = {"thread": thread, "callbackThread": schemas.thread("python-callbacks")}

    log = []
    assert (await client.callback(context=context, callback=Callback(log), arg=4)).result == 8
    assert log[0][:2] == ("call", 4) and "mptest" in log[0][2], log
    assert (await client.callbackUnique(context=context, callback=Callback(log), arg=5)).result == 10
    assert (await client.callbackExtended(context=context, callback=Callback(log), arg=6)).result == 18
    await client.saveCallback(context=context, callback=Callback(log))
    assert (await client.callbackSaved(context=context, arg=7)).result == 14
    del log[:]
    await client.saveCallback(context=context)
    assert ("destroy",) in log, log
    assert (await client.passFn(context=context, fn=Function())).result == 42

    try:
        await client.callbackSaved(context={"callbackThread": schemas.thread("x")}, arg=1)
        raise SystemExit("a call without a thread was accepted")
    except capnp.KjException as error:
        assert "no thread specified and no pool configured" in str(error), error
    await threads.makePool(count=2)
    # Served now, by a thread of the pool.
    await client.saveCallback(context=context, callback=Callback(log))
    request = {"callbackThread": schemas.thread("x")}
    assert (await client.callbackSaved(context=request, arg=8)).result == 16


asyncio.run(capnp.run(main()))
