//! JSON-RPC: requests in, responses out.
