// Before koffi loads a library, has it take as many calls at a time as the naive binding makes; it would refuse them.
import koffi from 'koffi';

koffi.config({ max_async_calls: 2048 });
