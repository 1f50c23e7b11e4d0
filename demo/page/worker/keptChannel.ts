/** A BroadcastChannel: tells all who listen, in other workers and tabs, too, that another network of digits is kept, or none. */
export const keptChannel = 'tensorloom-primer/digits';
