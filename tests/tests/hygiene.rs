//! Generated code means the same wherever it stands.
//!
//! In: interfaces and types whose surroundings give another meaning to all common names, compiled
//! in both editions, with parameters named as generated code could name its variables. Out: calls
//! that arrive.

#[path = "../hygiene/src/lib.rs"]
#[allow(unreachable_pub, reason = "a library crate compiles the same files")]
mod newer;

/// The tests for one build of the hostile modules.
macro_rules! tests {
    ($edition:ident, $($path:tt)*) => {
        mod $edition {
            use std::sync::Arc;

            use mp_runtime::{Connection, EventLoop, Remote, pair};
            use $($path)*::clock::{self, Clock};
            use $($path)*::shop::{
                Answer, Colour, Doubled, Each, Held, Item, Pair, Served, Shape, Shop, ShopError, Size, SoldOut,
            };

            fn connect() -> (Remote<dyn Shop>, Connection) {
                let event_loop = EventLoop::new("hygiene").expect("an event loop");
                pair::<dyn Shop>(&event_loop, Arc::new(Served))
            }

            fn item() -> Item {
                Item {
                    context: "context".into(),
                    result: Some(3),
                    reader: vec![1, 2],
                    seen: true,
                    r#type: Answer::Err,
                    fields: Shape::Box { width: 4, r#match: Some("match".into()) },
                    builder: Size::Large,
                    held: Held(5),
                }
            }

            #[test]
            fn parameters_may_have_any_name() {
                let (shop, _served) = connect();
                assert_eq!(shop.sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Ok(66));
                assert_eq!(shop.text("a", b"bc", Some("def"), &[1, 2]), Ok("a 2 def [1, 2]".into()));
            }

            #[test]
            fn values_come_back() {
                let (shop, _served) = connect();
                let (mut result, mut error, mut this) = (0, 5, "before".to_owned());
                shop.change(&mut result, &mut error, Some(&mut this), &Held(7)).expect("an answer");
                assert_eq!((result, error, this.as_str()), (7, 6, "this"));
                shop.change(&mut result, &mut error, None, &Held(8)).expect("an answer");
                assert_eq!((result, error), (8, 7));
            }

            #[test]
            fn structs_enums_and_unions() {
                let (shop, _served) = connect();
                // What is left out of the wire has its default at the peer.
                assert_eq!(shop.item(item(), &item()), Ok(vec![Item { seen: false, ..item() }; 2]));
                let pair = Pair { key: "key".to_owned(), value: item() };
                assert_eq!(shop.pair(pair), Ok(Pair { key: "key".to_owned(), value: Item { seen: false, ..item() } }));
                for shape in [Shape::None, Shape::Some(1.5), Shape::Box { width: 1, r#match: None }] {
                    assert_eq!(shop.shape(shape.clone()), Ok(shape));
                }
                for colour in [Colour::Ok, Colour::Err, Colour::Some] {
                    assert_eq!(shop.colour(colour), Ok(colour));
                }
            }

            #[test]
            fn exceptions_and_errors() {
                let (shop, _served) = connect();
                assert_eq!(shop.buy(1), Ok(Ok(1)));
                assert_eq!(shop.buy(0), Ok(Err(SoldOut { many: 0 })));
                assert_eq!(shop.fail(), Err(ShopError("it failed".into())));
                assert!(shop.old(1).is_err());
                assert_eq!(shop.here(), 1);
            }

            #[test]
            fn objects_and_closures() {
                let (shop, _served) = connect();
                let mut numbers = Vec::new();
                shop.each(
                    Box::new(|n| Ok(n + 1)),
                    Box::new(move |n| {
                        numbers.push(n);
                        Ok(i32::try_from(numbers.len()).unwrap_or(-1))
                    }),
                )
                .expect("an answer");
                assert_eq!(shop.lend(&Doubled, None), Ok(4));
                assert_eq!(shop.lend(&Doubled, Some(&Doubled)), Ok(8));
                let doubled: Arc<dyn Each> = Arc::new(Doubled);
                assert_eq!(shop.give(Box::new(Doubled), Some(doubled)), Ok(10));
                let staff = shop.staff().expect("an answer");
                assert!(staff.is_open());
                assert_eq!(staff.sum(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0), Ok(1), "a method of the base");
            }

            #[test]
            fn asynchronous_methods() {
                let event_loop = EventLoop::new("hygiene").expect("an event loop");
                let (clock, _served) = pair::<dyn Clock>(&event_loop, Arc::new(clock::Served));
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(async {
                    let (mut out, mut error) = (0, String::new());
                    let held = clock.tick("ab", b"c", Some("d"), &mut out, Some(&mut error)).await;
                    assert_eq!((held, out, error.as_str()), (Ok(Held(3)), 7, "d"));
                    assert_eq!(clock.tick("", b"", None, &mut out, None).await, Ok(Held(0)));
                    assert_eq!(clock.buy(item()).await, Ok(Err(SoldOut { many: 7 })));
                    assert_eq!(clock.fail().await, Err(ShopError("it failed".into())));
                    assert_eq!(clock.stop(), Ok(()));
                });
            }
        }
    };
}

tests!(edition_2024, crate::newer);
tests!(edition_2021, mp_hygiene);
