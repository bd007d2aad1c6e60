"""A client of a node, with the official schemas.

In: the folder of the schemas, the path of a Unix socket. Out: what the node answered, as JSON.
Bytes are hexadecimal, in the order of the wire.
"""

import asyncio
import json
import sys
import time

import capnp

capnp.remove_import_hook()
folder, path = sys.argv[1:]
init = capnp.SchemaParser().load(f"{folder}/init.capnp", imports=[folder, "/usr/include"])

WAIT_MS = 200
COUNT = {"jsonrpc": "2.0", "id": 7, "method": "getblockcount", "params": []}


async def main():
    stream = await capnp.AsyncIoStream.create_unix_connection(path)
    root = capnp.TwoPartyClient(stream).bootstrap().cast_as(init.Init)
    threads = (await root.construct()).threadMap
    request = threads.makeThread_request()  # `name` is also an argument of pycapnp's own
    request.name = "from Python"
    thread = (await request.send()).result
    seen = {"thread": (await thread.getName()).result}
    context = {"thread": thread}

    echo = (await root.makeEcho(context=context)).result
    seen["echo"] = (await echo.echo(context=context, echo="héllo")).result
    await echo.destroy(context=context)

    mining = (await root.makeMining(context=context)).result
    tip = await mining.getTip(context=context)
    seen["tip"] = {"known": tip.hasResult, "hash": tip.result.hash.hex(), "height": tip.result.height}

    # Without options: those that the schema gives.
    template = (await mining.createNewBlock(context=context, options={})).result
    block = (await template.getBlock(context=context)).result
    seen["block"] = block.hex()
    seen["header"] = (await template.getBlockHeader(context=context)).result.hex()
    seen["fees"] = list((await template.getTxFees(context=context)).result)
    coinbase = (await template.getCoinbaseTx(context=context)).result
    seen["reward"] = coinbase.blockRewardRemaining
    seen["prefix"] = coinbase.scriptSigPrefix.hex()
    seen["outputs"] = [output.hex() for output in coinbase.requiredOutputs]

    started = time.monotonic()
    waited = await template.waitNext(context=context, options={"timeout": WAIT_MS})
    seen["next"] = waited._has("result")
    seen["waited_ms"] = (time.monotonic() - started) * 1000

    for name, options in [
        ("checked", {}),
        ("checked_contents", {"checkMerkleRoot": False, "checkPow": False}),
    ]:
        verdict = await mining.checkBlock(context=context, block=block, options=options)
        seen[name] = [verdict.result, verdict.reason, verdict.debug]
    await template.destroy(context=context)

    rpc = (await root.makeRpc(context=context)).result
    answer = await rpc.executeRpc(context=context, request=json.dumps(COUNT), uri="/", user="python")
    seen["rpc"] = json.loads(answer.result)

    try:
        await root.makeMiningOld2()
    except capnp.KjException as error:
        seen["old"] = {"kind": error.type, "text": str(error)}
    print(json.dumps(seen))


asyncio.run(capnp.run(main()))
