import { webjsHandler } from '../handler.ts';

/** The page's `WWebJS.sendMessage` makes a location of its option `location`, in the form of the library's class `Location`. */
export const sendLocation = webjsHandler(
  'message.sendLocation',
  ({ sender }, { latitude, longitude, name, address, ...envelope }, messageId) => {
    // WhatsApp Web has one text for both: the first line is the name.
    const lines = [name?.replaceAll(/\s*\n\s*/g, ' '), address];
    const description = lines.filter((line) => line !== undefined).join('\n');
    return sender.send({ ...envelope, options: { location: { latitude, longitude, description } } }, messageId);
  },
);
