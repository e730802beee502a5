#include "tractor/async/channel.hpp"

namespace tractor {

end_of_channel::end_of_channel()
    : std::runtime_error("the channel has ended: its senders are closed and it is drained") {}
closed_resource::closed_resource()
    : std::runtime_error("this end of the channel is closed: it cannot be used any more") {}
broken_channel::broken_channel()
    : std::runtime_error("the channel has no receiver left: nobody would get this item") {}
would_block::would_block() : std::runtime_error("the channel would have had to wait") {}

}  // namespace tractor
