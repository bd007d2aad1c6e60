//! The implementation of `Shop`, where names mean what they always do.

use std::sync::Arc;

use mp_runtime::{Error, Result};

use super::{Colour, Doubled, Each, Held, Item, Pair, Shape, Shop, ShopError, SoldOut, Staff};

/// Serves `Shop` and `Staff`.
#[derive(Clone, Copy, Debug)]
pub struct Served;

impl Shop for Served {
    fn sum(
        &self,
        call: u32,
        reply: u32,
        self_: u32,
        context: u32,
        fields: u32,
        reader: u32,
        builder: u32,
        result: u32,
        error: u32,
        this: u32,
        r#type: u32,
    ) -> Result<u32> {
        let numbers = [call, reply, self_, context, fields, reader, builder, result, error, this, r#type];
        Ok(numbers.iter().sum())
    }

    fn text(&self, reader: &str, builder: &[u8], fields: Option<&str>, params: &[u32]) -> Result<String> {
        Ok(format!("{reader} {} {} {params:?}", builder.len(), fields.unwrap_or("none")))
    }

    fn change(
        &self,
        result: &mut u32,
        error: &mut u32,
        this: Option<&mut String>,
        held: &Held,
    ) -> Result<()> {
        *result = held.0;
        *error += 1;
        if let Some(this) = this {
            *this = "this".to_owned();
        }
        Ok(())
    }

    fn item(&self, fields: Item, reader: &Item) -> Result<Vec<Item>> {
        Ok(vec![fields, reader.clone()])
    }

    fn pair(&self, call: Pair<String, Item>) -> Result<Pair<String, Item>> {
        Ok(call)
    }

    fn shape(&self, value: Shape) -> Result<Shape> {
        Ok(value)
    }

    fn colour(&self, out: Colour) -> Result<Colour> {
        Ok(out)
    }

    fn buy(&self, exception: u32) -> Result<Result<u32, SoldOut>> {
        Ok(if exception == 0 { Err(SoldOut { many: 0 }) } else { Ok(exception) })
    }

    fn fail(&self) -> Result<(), ShopError> {
        Err(ShopError("it failed".to_owned()))
    }

    fn each(
        &self,
        call: Box<dyn Fn(i32) -> Result<i32> + Send + Sync>,
        mut reply: Box<dyn FnMut(i32) -> Result<i32> + Send>,
    ) -> Result<()> {
        let answers = (call(1)?, reply(5)?, reply(5)?);
        if answers == (2, 1, 2) { Ok(()) } else { Err(Error::failed(format!("{answers:?}"))) }
    }

    fn lend(&self, call: &dyn Each, proxy: Option<&dyn Each>) -> Result<i32> {
        let doubled = call.call(2)?;
        proxy.map_or(Ok(doubled), |proxy| proxy.call(doubled))
    }

    fn give(&self, home: Box<dyn Each>, object: Option<Arc<dyn Each>>) -> Result<i32> {
        Ok(home.call(1)? + object.map_or(Ok(0), |object| object.call(4))?)
    }

    fn staff(&self) -> Result<Box<dyn Staff>> {
        Ok(Box::new(Served))
    }
}

impl Staff for Served {
    fn is_open(&self) -> bool {
        Doubled.call(1).is_ok()
    }
}
